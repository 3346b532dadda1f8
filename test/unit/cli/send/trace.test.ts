import { expect, test } from "@jest/globals";
import { traceToSend, withTrace } from "../../../../src/cli/send/trace.js";
import type { MessageAttribute } from "../../../../src/pipeline/ports/queue.js";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };
const text = (string: string): MessageAttribute => ({ type: "String", string });

test("A message is part of the trace that the environment names, unless the command line has its say", () => {
  expect(traceToSend(undefined, {})).toBeUndefined();
  expect(traceToSend(undefined, { TRACEPARENT: "nonsense" })).toBeUndefined();
  expect(traceToSend(undefined, { TRACEPARENT, TRACESTATE: "a=1" })).toEqual({ ...trace, state: "a=1" });
  expect(traceToSend("off", { TRACEPARENT })).toBeUndefined();
  expect(traceToSend(TRACEPARENT, { TRACESTATE: "another's" })).toEqual(trace);
  expect(traceToSend("new", { TRACEPARENT })?.traceId).not.toBe(trace.traceId);
  expect(() => traceToSend("yes", {})).toThrow(
    '--trace must be a traceparent (00-TRACE-SPAN-01), new or off, got "yes"',
  );
});

test("Its attributes name the trace, where they leave room and name none yet", () => {
  const own = new Map([["source", text("import")]]);
  expect([...withTrace(own, { ...trace, state: "a=1" })]).toEqual([
    ["source", text("import")],
    ["traceparent", text(TRACEPARENT)],
    ["tracestate", text("a=1")],
  ]);
  const given = new Map([["traceparent", text("mine")]]);
  expect(withTrace(given, trace)).toBe(given);
  const many = new Map(Array.from({ length: 9 }, (_, n) => [`name${n}`, text("value")]));
  expect(withTrace(many, trace)).toBe(many);
});
