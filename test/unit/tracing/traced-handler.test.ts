import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Handler } from "../../../src/pipeline/ports/handler.js";
import { done, type Outcome } from "../../../src/pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../../src/pipeline/ports/queue.js";
import type { Fact, Telemetry } from "../../../src/pipeline/ports/telemetry.js";
import type { TraceContext } from "../../../src/pipeline/ports/trace.js";
import { ContinuedIds } from "../../../src/tracing/continued-ids.js";
import { traceOf } from "../../../src/tracing/sender-trace.js";
import { TracedHandler } from "../../../src/tracing/traced-handler.js";
import { HandRun, received } from "../../support/agent-bundle.js";

const QUEUE = "https://user:secret@sqs.eu-west-1.amazonaws.com/123456789012/orders?token=1";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const ROOT = "Root=1-0af76519-16cd43dd8448eb211c80319c";

interface Given {
  readonly outcome?: Outcome;
  /** What the run's end is worth, if not what its outcome says. */
  readonly worth?: Outcome["kind"];
  /** Share of the traces that begin here. */
  readonly ratio?: number;
  /** With a provider whose ids are its own. */
  readonly ownIds?: boolean;
}

/** Runs a message and says what became of it: its span, if it was recorded, and what the agent saw. */
async function traced(message: ReceivedMessage, { outcome = done, worth, ratio = 1, ownIds = false }: Given = {}) {
  const exporter = new InMemorySpanExporter();
  const ids = new ContinuedIds();
  const provider = new TracerProvider({
    ...(ownIds ? {} : { idGenerator: ids }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const seen: { trace?: TraceContext | undefined; active?: api.SpanContext | undefined } = {};
  const handler: Handler = {
    run: async (given) => {
      await Promise.resolve();
      seen.trace = traceOf(given);
      seen.active = api.trace.getSpanContext(api.context.active());
      return outcome;
    },
  };
  const listeners: Telemetry[] = [];
  const tracing = {
    api,
    tracer: provider.getTracer("test"),
    metered: false,
    dropped: 0,
    continueTrace: (traceId: string) => {
      ids.next = traceId;
    },
    stop: async () => {},
  };
  const facts = { telemetry: () => {}, listeners };
  const under = new TracedHandler({ handler, queueUrl: QUEUE, tracing: async () => tracing, facts });
  await under.start(new AbortController().signal);
  expect(await under.run(message, new HandRun())).toBe(outcome);
  const delivery = { messageId: message.id, receiveCount: message.receiveCount };
  const ended: Fact = { kind: "ended", delivery, outcome: worth ?? outcome.kind, agentMs: 1 };
  for (const listener of listeners) listener(ended);
  return { span: exporter.getFinishedSpans()[0], seen };
}

const header = (traceHeader: string) => received("{}", { traceHeader });
const text = (string: string) => ({ type: "String", string });

beforeEach(() => {
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager());
});
afterEach(() => api.context.disable());

describe("The span of a run", () => {
  test("is its producer's child and linked to it, and active while the agent runs", async () => {
    const message = received("{}", {
      attributes: [
        ["traceparent", text(`00-${TRACE}-${SPAN}-01`)],
        ["tracestate", text("a=1")],
        ["CorrelationId", text("c-1")],
      ],
      groupId: "tenant",
    });
    const { span, seen } = await traced(message);
    const own = span!.spanContext();
    expect(own.traceId).toBe(TRACE);
    expect(span).toMatchObject({
      name: "process orders",
      kind: api.SpanKind.CONSUMER,
      parentSpanContext: { traceId: TRACE, spanId: SPAN },
      links: [{ context: { traceId: TRACE, spanId: SPAN } }],
      attributes: {
        "server.address": "sqs.eu-west-1.amazonaws.com",
        "server.port": 443,
        "aws.sqs.queue.url": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
        "messaging.message.id": "message-1",
        "messaging.message.conversation_id": "c-1",
        "queuehand.message.group_id": "tenant",
      },
    });
    expect(seen.active).toMatchObject({ traceId: TRACE, spanId: own.spanId });
    expect(seen.trace).toEqual({ traceId: TRACE, spanId: own.spanId, sampled: true, state: "a=1" });
  });

  test("of a message that is tried again is no child of the span before", async () => {
    const message = received("{}", { attributes: [["traceparent", text(`00-${TRACE}-${SPAN}-01`)]] });
    await traced(message);
    const { span } = await traced({ ...message, receiveCount: 2 });
    expect(span!.parentSpanContext?.spanId).toBe(SPAN);
  });

  test("reaches the agent of a message that can't be written to", async () => {
    const { span, seen } = await traced(Object.freeze(header(`${ROOT};Parent=${SPAN};Sampled=1`)));
    expect(seen.trace?.spanId).toBe(span!.spanContext().spanId);
  });

  test("isn't recorded where the producer's wasn't, but its context is there", async () => {
    const { span, seen } = await traced(header(`${ROOT};Parent=${SPAN};Sampled=0`));
    expect(span).toBeUndefined();
    expect(seen.trace).toMatchObject({ traceId: TRACE, sampled: false });
    expect(seen.active?.traceId).toBe(TRACE);
  });

  test("begins the trace that a load balancer has named, if the sampler wants it", async () => {
    const { span } = await traced(header(ROOT));
    expect(span!.spanContext().traceId).toBe(TRACE);
    expect(span).toMatchObject({ parentSpanContext: undefined, links: [] });
    const { span: none, seen } = await traced(header(ROOT), { ratio: 0 });
    expect(none).toBeUndefined();
    expect(seen.trace).toMatchObject({ traceId: TRACE, sampled: false });
  });

  test("is linked to a span that left the decision open", async () => {
    const { span } = await traced(header(`${ROOT};Parent=${SPAN};Sampled=?`));
    expect(span!.spanContext().traceId).toBe(TRACE);
    expect(span).toMatchObject({
      parentSpanContext: undefined,
      links: [{ context: { traceId: TRACE, spanId: SPAN } }],
    });
    const { span: others } = await traced(header(`${ROOT};Parent=${SPAN}`), { ownIds: true });
    expect(others!.spanContext().traceId).not.toBe(TRACE);
    expect(others!.links).toMatchObject([{ context: { traceId: TRACE, spanId: SPAN } }]);
  });

  test("leaves its id to no trace that follows", async () => {
    await traced(header(ROOT));
    const { span } = await traced(received("{}"));
    expect(span!.spanContext().traceId).not.toBe(TRACE);
  });

  const { OK: _, ERROR, UNSET } = api.SpanStatusCode;
  test.each<[string, Given, number, string | undefined, string | undefined]>([
    ["done", {}, UNSET, undefined, undefined],
    ["an error", { outcome: { kind: "retry", error: new RangeError("no") } }, ERROR, "RangeError", "no"],
    ["anything thrown", { outcome: { kind: "retry", error: { odd: 1 } } }, ERROR, "_OTHER", '{"odd":1}'],
    ["a rejection", { outcome: { kind: "reject", reason: "bad" } }, ERROR, "reject", "bad"],
    ["a deferral", { outcome: { kind: "defer", reason: "later" } }, UNSET, undefined, undefined],
    ["a stop", { worth: "interrupted" }, UNSET, undefined, undefined],
    [
      "a lost lease",
      { worth: "leaseLost" },
      ERROR,
      "lease_lost",
      "the lease was lost: another may be at work on the message",
    ],
    ["an abort that the agent gave in to", { worth: "retry" }, ERROR, "_OTHER", "the run was aborted"],
  ])("ends with %s as it is worth", async (__, given, code, type, message) => {
    const { span } = await traced(received("{}"), given);
    expect(span!.status.code).toBe(code);
    expect(span!.status.message).toBe(message);
    expect(span!.attributes["error.type"]).toBe(type);
    expect(span!.attributes["queuehand.outcome"]).toBe(given.worth ?? given.outcome?.kind ?? "done");
  });
});

test("Nobody who asks for nothing is told anything", async () => {
  const listeners: Telemetry[] = [];
  const handler = { run: async () => done };
  const facts = { telemetry: () => {}, listeners };
  const under = new TracedHandler({ handler, queueUrl: QUEUE, tracing: async () => undefined, facts });
  await under.start(new AbortController().signal);
  const message = received("{}");
  expect(await under.run(message, new HandRun())).toBe(done);
  expect(message.trace).toBeUndefined();
  expect(listeners).toEqual([]);
});
