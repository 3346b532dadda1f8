import { describe, expect, test } from "@jest/globals";
import type { MessageAttribute } from "../../../src/pipeline/ports/queue.js";
import { traceOf } from "../../../src/tracing/sender-trace.js";
import { traceparentOf, xrayHeaderOf } from "../../../src/tracing/trace-headers.js";
import { received } from "../../support/agent-bundle.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const PARENT = `00-${TRACE}-${SPAN}-01`;
const ROOT = "Root=1-0af76519-16cd43dd8448eb211c80319c";
const sampled = { traceId: TRACE, spanId: SPAN, sampled: true };

const text = (string: string): MessageAttribute => ({ type: "String", string });
const withAttributes = (attributes: Record<string, string>) =>
  received("", { attributes: Object.entries(attributes).map(([name, value]) => [name, text(value)]) });
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");

/** As SNS writes it around what was published with attributes. */
const envelope = (Message: string, attributes: Record<string, string> = {}) =>
  JSON.stringify({
    Type: "Notification",
    MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    TopicArn: "arn:aws:sns:us-east-1:123456789012:orders",
    Message,
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, Value]) => [name, { Type: "String", Value }]),
    ),
  });

/** As kombu writes a task of Celery's that its OpenTelemetry instrumentation has seen. */
const task = (headers: unknown) => ({
  body: base64([[1], {}, {}]),
  "content-encoding": "utf-8",
  "content-type": "application/json",
  headers,
  properties: { delivery_tag: "1" },
});

describe("A message's trace", () => {
  test.each([
    ["its attribute", withAttributes({ traceparent: PARENT })],
    ["its attribute as an old boto3sqs names it", withAttributes({ "otel.traceparent": PARENT })],
    ["an attribute of what was published to a topic", received(envelope("{}", { traceparent: PARENT }))],
    ["the same, by an old boto3sns", received(envelope("{}", { "otel.traceparent": PARENT }))],
    ["that of a topic that fed a topic", received(envelope(envelope("{}", { traceparent: PARENT })))],
    ["a Celery task's headers", received(base64(task({ lang: "py", traceparent: PARENT })))],
    ["the same without base64", received(JSON.stringify(task({ traceparent: PARENT })))],
    ["its trace header", received("", { traceHeader: `${ROOT};Parent=${SPAN};Sampled=1` })],
    [
      "the same in another order",
      received("", { traceHeader: `Self=1-2-3;Sampled=1; Parent=${SPAN}; ${ROOT};Lineage=a:0` }),
    ],
  ])("is %s", (_, message) => {
    expect(traceOf(message)).toEqual(sampled);
  });

  test("is that of its run before its sender's", () => {
    const trace = { traceId: "1".repeat(32), spanId: "2".repeat(16), sampled: false };
    expect(traceOf({ ...withAttributes({ traceparent: PARENT }), trace })).toBe(trace);
  });

  test("is the producer's span before that of what carried its message", () => {
    const carrier = `Root=1-11111111-222222222222222222222222;Parent=3333333333333333;Sampled=1`;
    expect(traceOf({ ...withAttributes({ traceparent: PARENT }), traceHeader: carrier })).toEqual(sampled);
    expect(traceOf(received(envelope("{}", { traceparent: PARENT }), { traceHeader: carrier }))).toEqual(sampled);
  });

  test("has its state, where that is one", () => {
    expect(traceOf(withAttributes({ traceparent: PARENT, tracestate: "a=1,b=2" }))).toEqual({
      ...sampled,
      state: "a=1,b=2",
    });
    expect(traceOf(withAttributes({ traceparent: PARENT, tracestate: "a=\n" }))).toEqual(sampled);
    expect(traceOf(received(base64(task({ traceparent: PARENT, tracestate: "a=1" }))))).toEqual({
      ...sampled,
      state: "a=1",
    });
  });

  test.each([
    [ROOT, "8448eb211c80319c"],
    [`${ROOT};Sampled=?`, "8448eb211c80319c"],
    [`Self=1-67891234-12456789abcdef012345678;${ROOT}`, "8448eb211c80319c"],
    [`${ROOT};Parent=${SPAN}`, SPAN],
    [`${ROOT};Parent=${SPAN};Sampled=?`, SPAN],
  ])("leaves its recording open where its header does: %s", (traceHeader, spanId) => {
    const trace = traceOf(received("", { traceHeader }))!;
    expect(trace).toEqual({ traceId: TRACE, spanId, sampled: undefined });
    expect(traceparentOf(trace)).toBe(`00-${TRACE}-${spanId}-00`);
  });

  test("is told again as it was", () => {
    expect(traceparentOf(traceOf(withAttributes({ traceparent: PARENT }))!)).toBe(PARENT);
    const traceHeader = `${ROOT};Parent=${SPAN};Sampled=0`;
    expect(xrayHeaderOf(traceOf(received("", { traceHeader }))!)).toBe(traceHeader);
  });
});

test.each([
  "",
  "$(id)",
  `00-${TRACE}-${SPAN}-01\nLD_PRELOAD=x`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `Root=1-00000000-${"0".repeat(24)}`,
  "Root=1-0af76519-16cd43dd8448eb211c80319",
  "Parent=b7ad6b7169203331;Sampled=1",
])("What isn't exactly a trace is none: %j", (given) => {
  expect(traceOf(withAttributes({ traceparent: given }))).toBeUndefined();
  expect(traceOf(received("", { traceHeader: given }))).toBeUndefined();
  expect(traceOf(received(envelope("{}", { traceparent: given })))).toBeUndefined();
  expect(traceOf(received(base64(task({ traceparent: given }))))).toBeUndefined();
});

test.each([
  "traceparent",
  "ey traceparent",
  '{"traceparent":',
  "[null]traceparent",
  '"traceparent"',
  JSON.stringify({ traceparent: PARENT }),
  JSON.stringify({ TopicArn: "arn", MessageAttributes: null, Message: 1, note: "traceparent" }),
  JSON.stringify({ headers: null, properties: null, note: "traceparent" }),
  JSON.stringify({ headers: { traceparent: PARENT } }),
])("A body that only looks like an envelope has no trace: %s", (body) => {
  expect(traceOf(received(body))).toBeUndefined();
});
