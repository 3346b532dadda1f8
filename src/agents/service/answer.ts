import type { IncomingMessage } from "node:http";
import { done, type Outcome } from "../../pipeline/ports/outcome.js";
import { VISIBILITY_MAX_SECONDS } from "../../pipeline/ports/queue.js";
import { printable } from "../../text/printable.js";

/** Of an answer's body so much is read, and for so long; its status says all that counts. */
const ANSWER_BYTES_MAX = 65_536;
const ANSWER_MS = 5_000;
const REASON_MAX = 500;

/** The service answered, or failed to, in a way that means: try again. Without a stack, which tells of the worker alone. */
export class ServiceFailed extends Error {
  override readonly name = "ServiceFailed";
  constructor(message: string) {
    super(message);
    this.stack = `${this.name}: ${message}`;
  }
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** X-Queuehand-Took. */
  readonly took?: string | undefined;
  readonly text: string;
}

/** Reads an answer to its end or its bound; the status counts either way, so this never rejects. */
export function readAnswer(response: IncomingMessage): Promise<Answer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const end = () => {
      clearTimeout(timer);
      // An answer that wasn't read to its end takes its connection with it.
      if (!response.complete) response.destroy();
      const text = Buffer.concat(parts).toString("utf8").slice(0, ANSWER_BYTES_MAX);
      const { "retry-after": retryAfter, "x-queuehand-took": took } = response.headers;
      const told = typeof took === "string" ? { took } : {};
      resolve({ status: response.statusCode ?? 0, retryAfter, text, ...told });
    };
    const timer = setTimeout(end, ANSWER_MS);
    response.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes <= ANSWER_BYTES_MAX) parts.push(part);
      else end();
    });
    response.on("end", end);
    response.on("error", end);
    response.on("close", end);
  });
}

/** Whether an answer says that it is too much for now, and may say for how long. */
export const isTooMuch = ({ status }: Answer): boolean => status === 429 || status === 503;

/** What an answer says, in words: `the service answered 400: no such order`. */
export function inWords({ status, text }: Answer): string {
  const said = printable(text.trim(), REASON_MAX);
  return `the service answered ${status}${said ? `: ${said}` : ""}`;
}

/**
 * The outcome that an answer means.
 * @param rejected the statuses that reject a message; success can't be among them.
 * @param now epoch milliseconds.
 */
export function outcomeOf(answer: Answer, rejected: readonly number[], now: number): Outcome {
  const { status, retryAfter } = answer;
  if (status >= 200 && status <= 299) return done;
  if (rejected.includes(status)) return { kind: "reject", reason: inWords(answer) };
  const isRedirect = status >= 300 && status <= 399;
  const error = new ServiceFailed(
    isRedirect ? `the service answered ${status}: redirects aren't followed` : inWords(answer),
  );
  const afterSeconds = isTooMuch(answer) ? secondsOf(retryAfter, now) : undefined;
  return { kind: "retry", error, ...(afterSeconds === undefined ? {} : { afterSeconds }) };
}

/** The seconds that a Retry-After header means, whole ones or a date; undefined when it means nothing. */
export function secondsOf(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : Math.ceil((Date.parse(retryAfter) - now) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(VISIBILITY_MAX_SECONDS, Math.max(0, seconds));
}
