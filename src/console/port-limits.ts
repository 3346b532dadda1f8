/** What clients of the port may take; small figures, since all that anybody has to send is a line and some headers. */
export interface PortLimits {
  /** Connections at once, of everybody together. */
  readonly connections: number;
  /** Answers under way at once, those of health checks not counted: streams, and readers that take their time. */
  readonly answers: number;
  readonly headerBytes: number;
  /** From a connection's start, or a request's first byte, to the end of its headers. */
  readonly headersWithinMs: number;
  /** To the end of its body, which no page here reads. */
  readonly requestWithinMs: number;
  /** From a request to the last byte that its client has taken; a stream is cut too, and its viewer connects anew. */
  readonly answerWithinMs: number;
  /** Between two requests on one connection. */
  readonly idleMs: number;
  /** How often headers and requests are held against their limits. Node's own 30 s would let each live for as long. */
  readonly lookEveryMs: number;
}

export const PORT_LIMITS: PortLimits = {
  // A thousand that idle and the health checks beside them; each takes some 20 KB.
  connections: 1_500,
  // A hundred viewers behind one proxy that all ask at the same moment, and as many again.
  answers: 200,
  headerBytes: 8 * 1024,
  headersWithinMs: 5_000,
  requestWithinMs: 10_000,
  answerWithinMs: 30_000,
  idleMs: 5_000,
  lookEveryMs: 500,
};
