import type { Context } from "@opentelemetry/api";
import type { ExportResult } from "@opentelemetry/core";
import {
  BatchSpanProcessor,
  type BatchSpanProcessorOptions,
  type ReadableSpan,
  type Span,
  type SpanExporter,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";

const SUCCESS = 0;

export interface BoundedExportOptions extends Omit<BatchSpanProcessorOptions, "exporter"> {
  readonly maxQueueSize: number;
  /** Called when sending begins to fail, with the error, and when it works again, without. */
  readonly onChange: (error?: Error) => void;
}

/**
 * Sends ended spans in batches. Holds no more than `maxQueueSize` of them, and counts each that is lost: for want of
 * room, or since the collector didn't take it.
 */
export class BoundedExport implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  readonly #most: number;
  readonly #onChange: (error?: Error) => void;
  #held = 0;
  #dropped = 0;
  #failing = false;

  constructor(exporter: SpanExporter, { onChange, ...options }: BoundedExportOptions) {
    this.#most = options.maxQueueSize;
    this.#onChange = onChange;
    this.#batches = new BatchSpanProcessor({
      ...options,
      exporter: {
        export: (spans, done) => {
          this.#held -= spans.length;
          exporter.export(spans, (result) => {
            this.#sent(spans.length, result);
            done(result);
          });
        },
        shutdown: () => exporter.shutdown(),
        forceFlush: async () => exporter.forceFlush?.(),
      },
    });
  }

  /** Spans lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  onStart(span: Span, context: Context): void {
    this.#batches.onStart(span, context);
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 0) return;
    if (this.#held >= this.#most) {
      this.#dropped++;
      return;
    }
    this.#held++;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #sent(count: number, { code, error }: ExportResult): void {
    const failed = code !== SUCCESS;
    if (failed) this.#dropped += count;
    if (failed === this.#failing) return;
    this.#failing = failed;
    this.#onChange(failed ? (error ?? new Error("the collector refused them")) : undefined);
  }
}
