import type { Span } from "@opentelemetry/api";
import type { Handler, Run } from "../pipeline/ports/handler.js";
import type { Outcome, OutcomeKind } from "../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import type { Fact, Telemetry } from "../pipeline/ports/telemetry.js";
import type { TraceContext } from "../pipeline/ports/trace.js";
import { MessagingMetrics } from "./messaging-metrics.js";
import { type Tracing, traceOfSpan, type Warn } from "./open-telemetry.js";
import { endSpan, ProcessSpans } from "./process-span.js";

export interface TracedOptions {
  readonly handler: Handler;
  /** The queue's URL, or its name where nothing more is known. */
  readonly queueUrl: string;
  /** Begins to trace, if anybody wants it. */
  readonly tracing: (warn: Warn) => Promise<Tracing | undefined>;
  /** The facts of a worker's life. Unset: there are none, as under Lambda, and a span ends with its run. */
  readonly facts?: {
    /** Told what isn't as it was asked for. */
    readonly telemetry: Telemetry;
    /** Who is to hear them: a span ends with the fact of its run's end, which knows what an abort made of it. */
    readonly listeners: Telemetry[];
  };
}

/** Lost telemetry is a smaller harm than a late exit. */
const FLUSH_WITHIN_MS = 2_000;

/**
 * Lets each run be a span, and the agent run in its context, where tracing is asked for when the worker starts. Without
 * that nothing is loaded, and a message costs one call more.
 */
export class TracedHandler implements Handler {
  readonly #options: TracedOptions;
  #tracing: Tracing | undefined;
  #spans: ProcessSpans | undefined;
  /** By message id: what is at work. */
  readonly #open = new Map<string, { readonly span: Span; outcome: Outcome | undefined }>();

  constructor(options: TracedOptions) {
    this.#options = options;
  }

  /** Spans that were lost so far. */
  get dropped(): number {
    return this.#tracing?.dropped ?? 0;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { handler, facts } = this.#options;
    await this.begin((text, error) =>
      facts?.telemetry({ kind: "warning", text, ...(error === undefined ? {} : { error }) }),
    );
    await handler.start?.(signal);
  }

  /** Traces runs from now on, if anybody wants it. */
  async begin(warn: Warn): Promise<void> {
    const { tracing: start, facts, queueUrl } = this.#options;
    const tracing = await start(warn);
    this.#tracing = tracing;
    if (tracing?.tracer) {
      this.#spans = new ProcessSpans(tracing, queueUrl);
      facts?.listeners.push(this.#onFact);
    }
    if (tracing?.metered) facts?.listeners.push(new MessagingMetrics(tracing.api, queueUrl).record);
  }

  run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    return this.#spans ? this.#traced(this.#spans, message, run) : this.#options.handler.run(message, run);
  }

  async stop(): Promise<void> {
    await this.#options.handler.stop?.();
  }

  /** Sends the spans that are held, within `ms` milliseconds. Never rejects. */
  async flush(ms = FLUSH_WITHIN_MS): Promise<void> {
    await this.#tracing?.stop(ms);
  }

  async #traced(spans: ProcessSpans, message: ReceivedMessage, run: Run): Promise<Outcome> {
    const { api } = this.#tracing!;
    const { span, context } = spans.begin(message);
    const traced = withTrace(message, traceOfSpan(api, span));
    const open = { span, outcome: undefined as Outcome | undefined };
    if (span.isRecording()) this.#open.set(message.id, open);
    try {
      open.outcome = await api.context.with(context, () => this.#options.handler.run(traced, run));
      return open.outcome;
    } catch (error) {
      // A handler of the caller's own may throw.
      open.outcome = { kind: "retry", error };
      throw error;
    } finally {
      if (!this.#options.facts) this.#end(message.id, open.outcome?.kind ?? "retry");
    }
  }

  readonly #onFact = (fact: Fact): void => {
    if (fact.kind === "ended") this.#end(fact.delivery.messageId, fact.outcome);
  };

  #end(messageId: string, kind: OutcomeKind): void {
    const open = this.#open.get(messageId);
    if (!open) return;
    this.#open.delete(messageId);
    endSpan(this.#tracing!.api, open.span, kind, open.outcome);
  }
}

/** On the message itself, by which log lines find it; a queue of the caller's own may have frozen it. */
function withTrace(message: ReceivedMessage, trace: TraceContext | undefined): ReceivedMessage {
  if (!trace) return message;
  if (!Object.isExtensible(message)) return { ...message, trace };
  message.trace = trace;
  return message;
}
