/** Where in a trace a message stands: the span that sent it or, where runs are traced, the span of its run. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whether the trace is recorded. Undefined where whoever sent the message left that open: `spanId` may be nobody's. */
  readonly sampled: boolean | undefined;
  /** W3C's `tracestate`, as it was sent. */
  readonly state?: string;
}
