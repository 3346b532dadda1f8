import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { RunningCommand } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { OtlpReceiver } from "../support/otlp-receiver.js";
import { RunBundle } from "../support/run-bundle.js";

const PRODUCER = join(process.cwd(), "test", "support", "traced-producer.cjs");

/** Makes a span of its own by the API alone, as any instrumented library does. */
const AGENT = `
  import { trace } from ${JSON.stringify(new URL(import.meta.resolve("@opentelemetry/api")).href)};
  import { setTimeout as sleep } from "node:timers/promises";
  export default async (message, { log }) => {
    await sleep(5);
    await trace.getTracer("agent").startActiveSpan("agent work", async (span) => {
      await sleep(5);
      log.info({ active: span.spanContext().traceId, told: message.trace }, "working");
      span.end();
    });
    if (message.body === "bad") throw new TypeError("no such order");
  };`;

let bundle: RunBundle;
let receiver: OtlpReceiver;
let otel: Record<string, string>;

beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  bundle = await RunBundle.start({ agent: AGENT, maxReceiveCount: 5 });
  otel = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: "50" };
});
afterEach(async () => {
  await bundle[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

/** Has a producer send each body; resolves with the ids of their traces. */
async function produce(...bodies: string[]): Promise<string[]> {
  const env = {
    ...process.env,
    ...bundle.server.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    ROOT: process.cwd(),
  };
  const { stdout } = await promisify(execFile)(process.execPath, [PRODUCER, bundle.queueUrl, ...bodies], { env });
  return stdout.trim().split("\n");
}

/** Waits until its agent has worked on so many messages. */
async function worked(worker: RunningCommand, count: number): Promise<void> {
  await eventually(
    async () => worker.stdout.split('"msg":"working"').length - 1,
    (seen) => seen >= count,
  );
}

/** The spans of one trace, from the producer's to the run's: `send` is the span whose context the message carried. */
async function chain(traceId: string) {
  const [run] = (await receiver.named("process tasks")).filter((span) => span.traceId === traceId);
  const send = receiver.spans.find(({ spanId }) => spanId === run?.parentSpanId);
  return { run: run!, send: send! };
}

describe("A trace that begins at a producer", () => {
  test.each([
    ["a module in the worker's process", {}],
    ["a module in a pool", { ISOLATION: "process", AGENT_ENV: "OTEL_*" }],
    ["a module in a process for each message", { ISOLATION: "process-per-message", AGENT_ENV: "OTEL_*" }],
  ])("ends in the span of %s", async (_, settings) => {
    const worker = bundle.run({ ...otel, ...settings });
    const [traceId] = await produce("order");
    await receiver.named("agent work");
    const { run, send } = await chain(traceId!);
    expect(send).toMatchObject({ kind: 4, traceId });
    expect(run).toMatchObject({
      kind: 5,
      links: [{ traceId, spanId: send.spanId }],
      status: { code: 0 },
      attributes: {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": "tasks",
        "messaging.message.body.size": 5,
        "server.address": new URL(bundle.queueUrl).hostname,
        "aws.sqs.queue.url": bundle.queueUrl,
        "queuehand.outcome": "done",
        "queuehand.message.receive_count": 1,
      },
    });
    expect(run.attributes["messaging.message.id"]).toMatch(/^[\da-f-]{36}$/);
    const [work] = await receiver.named("agent work");
    expect(work).toMatchObject({ traceId, parentSpanId: run.spanId, scope: "agent" });
    const line = JSON.parse((await worker.says(/.*"msg":"working".*/))[0]);
    expect(line).toMatchObject({ active: traceId, told: { traceId, spanId: run.spanId, sampled: true } });
  });

  test("ends in a program, by its environment and its message's file", async () => {
    await bundle.write("agent.sh", 'cat "$QUEUEHAND_MESSAGE_FILE"; echo; echo "PARENT $TRACEPARENT"');
    const worker = bundle.run({ ...otel, HANDLER: "exec:sh agent.sh" });
    const [traceId] = await produce("order");
    const { run } = await chain(traceId!);
    const parent = `00-${traceId}-${run.spanId}-01`;
    expect((await worker.says(/PARENT ([\da-f-]+)/))[1]).toBe(parent);
    expect((await worker.says(/\\"deadline\\":\d+,\\"traceparent\\":\\"([\da-f-]+)/))[1]).toBe(parent);
  });

  test("ends in a service, by its request's headers", async () => {
    const heard: IncomingHttpHeaders[] = [];
    const service = createServer((request, response) => {
      heard.push(request.headers);
      response.end();
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    try {
      bundle.run({ ...otel, HANDLER: `http://127.0.0.1:${(service.address() as AddressInfo).port}/` });
      const [traceId] = await produce("order");
      const { run } = await chain(traceId!);
      expect(heard).toMatchObject([{ traceparent: `00-${traceId}-${run.spanId}-01` }]);
    } finally {
      service.close();
    }
  });
});

test("A module in a process that has no SDK of its own still runs in its span's context", async () => {
  const worker = bundle.run({ ...otel, ISOLATION: "process" });
  const [traceId] = await produce("order");
  expect(JSON.parse((await worker.says(/.*"msg":"working".*/))[0])).toMatchObject({ active: traceId });
  await receiver.named("process tasks");
  expect(await worker.says(/"trace_id":"([\da-f]{32})".*"msg":"working"/)).toMatchObject({ 1: traceId });
});

test("A failed run's span has its error, and what the retry brought is another span of the same trace", async () => {
  bundle.run({ ...otel, RETRY_BACKOFF_SECONDS: "1,1" });
  const [traceId] = await produce("bad");
  const runs = await receiver.named("process tasks", 2);
  expect(runs.map((run) => run.traceId)).toEqual([traceId, traceId]);
  expect(new Set(runs.map(({ parentSpanId }) => parentSpanId)).size).toBe(1);
  expect(runs[0]).toMatchObject({
    attributes: { "error.type": "TypeError", "queuehand.outcome": "retry" },
    status: { code: 2, message: "no such order" },
    events: [
      { name: "exception", attributes: { "exception.type": "TypeError", "exception.message": "no such order" } },
    ],
  });
  expect(runs[1]!.attributes["queuehand.message.receive_count"]).toBe(2);
});

test("What is asked for by the standard variables is done", async () => {
  bundle.run({
    ...otel,
    OTEL_SERVICE_NAME: "orders",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=secret",
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_METRIC_EXPORT_INTERVAL: "200",
  });
  bundle.send("order");
  const [run] = await receiver.named("process tasks");
  expect(run).toMatchObject({ parentSpanId: "", links: [], scope: "queuehand" });
  expect(run!.resource).toMatchObject({ "service.name": "orders", "deployment.environment.name": "test" });
  expect(receiver.headers[0]).toMatchObject({ "x-api-key": "secret" });
  const metric = async (name: string) => {
    for (;;) {
      const found = receiver.metrics.filter((one) => one.name === name).at(-1);
      if (found && found.points[0]!.count > 0) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  expect(await metric("messaging.client.consumed.messages")).toMatchObject({
    unit: "{message}",
    points: [{ count: 1, attributes: { "messaging.system": "aws_sqs", "messaging.destination.name": "tasks" } }],
  });
  expect(await metric("messaging.process.duration")).toMatchObject({ unit: "s", points: [{ count: 1 }] });
  expect(await metric("messaging.client.operation.duration")).toMatchObject({ unit: "s" });
});

test("What a program sends with queuehand is part of its run's trace", async () => {
  const onward = await bundle.server.queue("onward");
  await bundle.write(
    "agent.sh",
    `"${process.execPath}" "${join(process.cwd(), "dist", "cli.js")}" send next --queue-url "${onward}"`,
  );
  bundle.run({ ...otel, HANDLER: "exec:sh agent.sh", AGENT_ENV: "AWS_*" });
  const [traceId] = await produce("order");
  const { run } = await chain(traceId!);
  const [sent] = await bundle.server.messages(onward);
  expect(sent?.MessageAttributes?.traceparent?.StringValue).toBe(`00-${traceId}-${run.spanId}-01`);
});

describe("A collector that", () => {
  const silent = { OTEL_BSP_MAX_QUEUE_SIZE: "20", OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "5", OTEL_BSP_SCHEDULE_DELAY: "50" };

  test("is silent holds up no message and no stop, and what it costs is counted", async () => {
    receiver.answer = "silent";
    // Who waited for the exporter's own end would wait for ten minutes.
    const worker = bundle.run({ ...otel, ...silent, OTEL_EXPORTER_OTLP_TIMEOUT: "600000", HTTP_PORT: "0" });
    const [, port] = await worker.says(/"port":(\d+)/);
    bundle.send(...Array.from({ length: 100 }, (_, n) => `order ${n}`));
    await worked(worker, 100);
    // Two spans a message; five are on their way, twenty held, all others lost.
    const dropped = async () => {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/queuehand_spans_dropped_total\{.*\} (\d+)/.exec(page)?.[1]);
    };
    expect(await eventually(dropped, (count) => count >= 175)).toBe(175);
    worker.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
    expect(bundle.left).toBe(0);
  });

  test("is down is told of once", async () => {
    receiver.answer = 404;
    const worker = bundle.run({ ...otel, ...silent });
    bundle.send("one", "two");
    await worker.says(/"msg":"traces can't be sent"/);
    bundle.send("three");
    await worked(worker, 3);
    receiver.answer = 200;
    bundle.send("four");
    await worker.says(/"msg":"traces are sent again"/);
    expect(worker.stdout.match(/traces can't be sent/g)).toHaveLength(1);
  });
});

test("Without being asked for, none of OpenTelemetry is loaded", async () => {
  const HOOK = `
    import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) { if (url.includes("@opentelemetry")) console.log("LOADED " + url); return next(url, context); } });`;
  await bundle.write("hook.mjs", HOOK);
  await bundle.write(
    "agent.mjs",
    "export default ({ trace }, { log }) => { log.info({ told: trace ?? null }, 'working'); };",
  );
  const NODE_OPTIONS = `--import=${join(bundle.folder, "hook.mjs")}`;
  const without = bundle.run({ NODE_OPTIONS });
  bundle.send("order");
  await without.says(/"told":null,"msg":"working"/);
  expect(without.stdout).not.toContain("LOADED");
  without.kill("SIGTERM");
  expect(await without.exited).toBe(0);
  bundle.run({ NODE_OPTIONS, ...otel });
  bundle.send("order");
  await receiver.named("process tasks");
});
