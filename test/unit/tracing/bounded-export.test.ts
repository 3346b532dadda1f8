import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type ReadableSpan, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { BoundedExport } from "../../../src/tracing/bounded-export.js";

type Done = Parameters<SpanExporter["export"]>[1];

/** An exporter that is answered by hand. */
class HandExporter implements SpanExporter {
  readonly asked: { readonly spans: ReadableSpan[]; readonly done: Done }[] = [];
  #released = false;

  export(spans: ReadableSpan[], done: Done): void {
    if (this.#released) done({ code: 0 });
    else this.asked.push({ spans, done });
  }

  /** Answers all that was asked, and what is asked from now on. */
  release(): void {
    this.#released = true;
    for (const { done } of this.asked) done({ code: 0 });
  }

  async shutdown(): Promise<void> {}
}

describe("What holds ended spans", () => {
  let exporter: HandExporter;
  let changes: (string | undefined)[];
  let spans: BoundedExport;
  let end: (count: number) => void;

  beforeEach(() => {
    exporter = new HandExporter();
    changes = [];
    spans = new BoundedExport(exporter, {
      maxQueueSize: 10,
      maxExportBatchSize: 5,
      scheduledDelayMillis: 60_000,
      onChange: (error) => changes.push(error?.message),
    });
    const tracer = new TracerProvider({ spanProcessors: [spans] }).getTracer("test");
    end = (count) => {
      for (let n = 0; n < count; n++) tracer.startSpan("one").end();
    };
  });

  afterEach(() => exporter.release());

  test("holds as many as it may while a collector is silent, and counts the rest", () => {
    end(100);
    expect(exporter.asked.map((ask) => ask.spans.length)).toEqual([5]);
    expect(spans.dropped).toBe(85);
  });

  test("counts what a collector refuses, and tells when that begins and ends", async () => {
    end(5);
    exporter.asked[0]!.done({ code: 1, error: new Error("503") });
    expect(spans.dropped).toBe(5);
    for (const code of [1, 0, 0]) {
      const asked = exporter.asked.length;
      while (exporter.asked.length === asked) {
        await new Promise((resolve) => setImmediate(resolve));
        if (exporter.asked.length === asked) end(1);
      }
      exporter.asked.at(-1)!.done({ code });
    }
    expect(spans.dropped).toBe(10);
    expect(changes).toEqual(["503", undefined]);
  });
});
