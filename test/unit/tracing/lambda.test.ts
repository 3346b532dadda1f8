import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { toLambda } from "../../../src/agents/lambda/lambda.js";
import type { SqsRecord } from "../../../src/agents/lambda/lambda-event.js";
import type { Message } from "../../../src/agents/message.js";

const TRACE = "67891233abcdef012345678912345678";

let stdout: jest.Spied<typeof process.stdout.write>;
let exporter: InMemorySpanExporter;
let provider: TracerProvider | undefined;

beforeEach(() => {
  stdout = jest.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(async () => {
  stdout.mockRestore();
  api.trace.disable();
  api.context.disable();
  await provider?.shutdown();
  provider = undefined;
});

/** As a layer or the function's own code does it. */
function register() {
  exporter = new InMemorySpanExporter();
  // One that a freeze would take its spans from.
  const spanProcessors = [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 3_600_000 })];
  provider = new TracerProvider({ spanProcessors });
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  api.trace.setGlobalTracerProvider(provider);
}

const record = (body: string): SqsRecord => ({
  messageId: `id of ${body}`,
  receiptHandle: "handle",
  body,
  attributes: { AWSTraceHeader: "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1" },
  eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:orders",
});

async function invoke(agent: (message: Message) => unknown, ...bodies: string[]) {
  const handler = toLambda(async (message) => void (await agent(message)));
  return handler({ Records: bodies.map(record) }, { getRemainingTimeInMillis: () => 60_000 });
}

test("An agent under Lambda runs in the context of its message's span, and all spans are sent before the freeze", async () => {
  register();
  const seen: unknown[] = [];
  await invoke(
    async ({ raw, trace }) => {
      await Promise.resolve();
      seen.push([trace, api.trace.getSpanContext(api.context.active())]);
      if (raw === "bad") throw new TypeError("no");
    },
    "good",
    "bad",
  );
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ name, kind, attributes }) => [name, kind, attributes["error.type"]])).toEqual([
    ["process orders", api.SpanKind.CONSUMER, undefined],
    ["process orders", api.SpanKind.CONSUMER, "TypeError"],
  ]);
  for (const [index, span] of spans.entries()) {
    const { traceId, spanId } = span.spanContext();
    expect(span.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: "53995c3f42cd8ad8" });
    expect(seen[index]).toMatchObject([
      { traceId: TRACE, spanId, sampled: true },
      { traceId, spanId },
    ]);
  }
  expect(String(stdout.mock.calls)).toContain(
    `"trace_id":"${TRACE}","xray_trace_id":"1-67891233-abcdef012345678912345678"`,
  );
});

test("Without a provider it knows its message's trace all the same", async () => {
  const seen: unknown[] = [];
  await invoke(({ trace }) => seen.push(trace), "good");
  expect(seen).toEqual([{ traceId: TRACE, spanId: "53995c3f42cd8ad8", sampled: true }]);
});
