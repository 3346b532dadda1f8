import type { AnswerHead } from "./json-answer.js";
import type { SignedHeaders } from "./request-signer.js";

/** Where requests go: one host, one path. */
export interface HttpTarget {
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly secure: boolean;
  /** A connection that isn't made by then goes to a host that doesn't answer. */
  readonly connectTimeoutMs: number;
}

/** One POST. */
export interface HttpRequest {
  readonly headers: SignedHeaders;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Longest time for the whole call, in milliseconds, whatever the signal says. */
  readonly timeoutMs: number;
  /** Given what arrived of an answer that was cut. */
  readonly onBroken?: ((text: string) => void) | undefined;
}

/** A whole answer. */
export interface HttpAnswer {
  readonly head: AnswerHead;
  readonly text: string;
}

/**
 * Makes POSTs to one target over connections that it keeps. Each ends by its answer, its signal or its timeout, and rejects
 * with the signal's reason or the socket's error: a StaleConnection where the server seems to have closed a kept connection
 * before it read the request.
 */
export interface HttpCalls {
  post(request: HttpRequest): Promise<HttpAnswer>;
  /** Closes all connections, those of running calls included. Harmless twice. */
  close(): void;
}

export function timeoutError(message: string): Error {
  return Object.assign(new Error(message), { name: "TimeoutError" });
}

/** A connection that ended before its answer did. */
export function cutError(message: string): Error {
  return Object.assign(new Error(message), { code: "ECONNRESET" });
}
