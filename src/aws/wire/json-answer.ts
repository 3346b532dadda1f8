import type { IncomingMessage } from "node:http";
import { Refusal } from "./refusal.js";

/** An answer's head, whoever received it. */
export interface AnswerHead {
  readonly statusCode?: number | undefined;
  readonly statusMessage?: string | undefined;
  readonly headers: IncomingMessage["headers"];
}

/**
 * The object in an answer of AWS's JSON protocol. Throws a Refusal where it is no success, and what JSON's reader says,
 * after `onBroken` was given the text, where a success is no JSON.
 */
export function jsonAnswer(
  head: AnswerHead,
  text: string,
  onBroken: ((text: string) => void) | undefined,
): Record<string, unknown> {
  const status = head.statusCode ?? 0;
  let answer: unknown;
  try {
    // Some servers answer a batch with no body at all.
    answer = text === "" ? {} : JSON.parse(text);
  } catch (error) {
    if (status < 300) {
      onBroken?.(text);
      throw Object.defineProperty(error as Error, "$responseBodyText", { value: text, enumerable: false });
    }
  }
  if (status >= 300) throw new Refusal(head, status, answer);
  if (typeof answer === "object" && answer !== null) return answer as Record<string, unknown>;
  throw new TypeError(`an answer that is no object but ${answer === null ? "null" : typeof answer}`);
}
