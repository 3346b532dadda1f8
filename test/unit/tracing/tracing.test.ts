import { afterEach, describe, expect, test } from "@jest/globals";
import * as api from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { startTracing } from "../../../src/tracing/tracing.js";
import { OtlpReceiver } from "../../support/otlp-receiver.js";

const warnings: string[] = [];
const warn = (text: string) => warnings.push(text);

afterEach(() => {
  warnings.length = 0;
  api.trace.disable();
  api.context.disable();
  api.propagation.disable();
});

describe("Tracing in this process", () => {
  test("is nothing where nobody asks for it", async () => {
    expect(await startTracing(warn, {})).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  test("tells what it can't heed", async () => {
    expect(await startTracing(warn, { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" })).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL")]);
  });

  test("is by the provider that the program has registered, whatever the variables say, and leaves it in place", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    api.trace.setGlobalTracerProvider(provider);
    const tracing = await startTracing(warn, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
    tracing!.tracer!.startSpan("one").end();
    await tracing!.stop(1_000);
    api.trace.getTracer("program").startSpan("two").end();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(["one", "two"]);
  });

  test("is one SDK for two workers, which ends with the last of them, and can begin anew", async () => {
    await using receiver = await OtlpReceiver.start();
    // The exporter reads the process's own environment.
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint };
    Object.assign(process.env, env);
    try {
      const [first, second] = [await startTracing(warn, env), await startTracing(warn, env)];
      first!.tracer!.startSpan("one").end();
      await first!.stop(5_000);
      await first!.stop(5_000);
      second!.tracer!.startSpan("two").end();
      await second!.stop(5_000);
      expect(receiver.spans.map(({ name }) => name)).toEqual(["one", "two"]);
      const third = await startTracing(warn, env);
      third!.tracer!.startSpan("three").end();
      await third!.stop(5_000);
      expect(receiver.spans.map(({ name }) => name)).toEqual(["one", "two", "three"]);
      expect(warnings).toEqual([]);
    } finally {
      delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    }
  });
});
