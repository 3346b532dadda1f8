import type { TraceContext } from "../pipeline/ports/trace.js";

/** W3C's `traceparent`. A decision that was left open is told as not sampled, the one way that it has for both. */
export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** AWS's X-Amzn-Trace-Id, which is the AWSTraceHeader of a message too. */
export function xrayHeaderOf(trace: TraceContext): string {
  return `Root=${xrayIdOf(trace)};Parent=${trace.spanId};Sampled=${trace.sampled ? "1" : "0"}`;
}

/** The trace id as X-Ray writes it: 1-67891233-abcdef012345678912345678. */
export function xrayIdOf({ traceId }: TraceContext): string {
  return `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
}

/**
 * What a line about a message says of its trace: `trace_id` is OpenTelemetry's name in logs, `xray_trace_id` is where
 * CloudWatch looks for the id that X-Ray shows.
 */
export function traceFields(trace: TraceContext | undefined): { trace_id?: string; xray_trace_id?: string } {
  return trace ? { trace_id: trace.traceId, xray_trace_id: xrayIdOf(trace) } : {};
}
