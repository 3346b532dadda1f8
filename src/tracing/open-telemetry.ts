import type { Span, SpanContext, Tracer } from "@opentelemetry/api";
import type { TraceContext } from "../pipeline/ports/trace.js";

/** OpenTelemetry's API, once it is loaded. */
export type Api = typeof import("@opentelemetry/api");

/** Tells of what isn't as it was asked for. */
export type Warn = (text: string, error?: unknown) => void;

/** OpenTelemetry at work in this process. */
export interface Tracing {
  readonly api: Api;
  /** Unset where only metrics are asked for. */
  readonly tracer: Tracer | undefined;
  readonly metered: boolean;
  /** Spans that were lost so far. */
  readonly dropped: number;
  /** Has the next trace that is begun carry this id, where that can be had. */
  continueTrace(traceId: string): void;
  /** Sends what is held, within `ms` milliseconds; the rest is lost. Never rejects. */
  stop(ms: number): Promise<void>;
}

/** Where every copy of the API keeps what is registered, whichever package brought it. */
const GLOBAL = Symbol.for("opentelemetry.js.api.1");

/** Whether this program has a tracer provider already; told without loading anything. */
export function hasTracerProvider(): boolean {
  return registered("trace");
}

/** Whether this program has a meter provider already. */
export function hasMeterProvider(): boolean {
  return registered("metrics");
}

function registered(what: string): boolean {
  const known = (globalThis as Record<symbol, unknown>)[GLOBAL];
  return typeof known === "object" && known !== null && what in known;
}

export function spanContextOf(api: Api, { traceId, spanId, sampled, state }: TraceContext): SpanContext {
  const { NONE, SAMPLED } = api.TraceFlags;
  return {
    traceId,
    spanId,
    traceFlags: sampled ? SAMPLED : NONE,
    isRemote: true,
    ...(state !== undefined && { traceState: api.createTraceState(state) }),
  };
}

/** Undefined where the span is none: a provider that does nothing makes such. */
export function traceOfSpan(api: Api, span: Span): TraceContext | undefined {
  const context = span.spanContext();
  if (!api.isSpanContextValid(context)) return undefined;
  const { traceId, spanId, traceFlags, traceState } = context;
  const state = traceState?.serialize();
  return { traceId, spanId, sampled: (traceFlags & api.TraceFlags.SAMPLED) !== 0, ...(state && { state }) };
}

/**
 * Has whatever provider is registered send what it holds, within `ms` milliseconds: a process that ends, or is frozen,
 * takes the rest with it. Never rejects.
 */
export async function flushProvider(api: Api, ms: number): Promise<void> {
  const provider = api.trace.getTracerProvider() as { getDelegate?(): unknown };
  const real = (provider.getDelegate?.() ?? provider) as { forceFlush?(): Promise<void> };
  if (typeof real.forceFlush === "function") await within(ms, () => real.forceFlush!());
}

/** Waits for `work`, but no longer than `ms` milliseconds; never rejects. */
export async function within(ms: number, work: () => Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([(async () => work())().catch(() => {}), late]);
  clearTimeout(timer);
}
