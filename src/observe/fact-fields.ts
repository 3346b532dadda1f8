import type { DeliveryFacts, Fact } from "../pipeline/ports/telemetry.js";
import { cut, words } from "../pipeline/ports/thrown.js";
import { alike } from "../text/alike.js";
import { traceFields } from "../tracing/trace-headers.js";

/** Longest reason or note in a line, in characters. */
export const REASON_MAX = 500;

/** What every line about a delivery says of it. */
export function about({ messageId, receiveCount, groupId, body, trace }: DeliveryFacts): Record<string, unknown> {
  return {
    messageId,
    receiveCount,
    ...traceFields(trace),
    ...(groupId === undefined ? {} : { groupId }),
    ...(body === undefined ? {} : { body }),
  };
}

/** A dead letter is called one where it happens. */
export function deadLetterOf({ outcome, certain, deadLettered, lastReceive }: Extract<Fact, { kind: "settled" }>) {
  if (deadLettered || (outcome === "reject" && certain)) return { deadLetter: "copied" };
  return lastReceive ? { deadLetter: "at its next receive" } : {};
}

/** Milliseconds and seconds as a line has them. */
export const tenth = (value: number) => Math.round(value * 10) / 10;

/** For how long a message waits under its lease. */
export function waitOf(afterSeconds: number | undefined) {
  return afterSeconds === undefined ? { until: "the breaker closes" } : { afterSeconds: tenth(afterSeconds) };
}

/**
 * Why: an error as `err`, a text as `reason`; and `errorKind` in any case, by which lines are grouped whatever the
 * outcome: the first line in words, without what differs from message to message, as `dlq ls` groups.
 */
export function whyOf(cause: unknown): Record<string, unknown> {
  if (cause === undefined) return {};
  const errorKind = alike(words(cause));
  return typeof cause === "string" ? { reason: cut(cause, REASON_MAX), errorKind } : { err: cause, errorKind };
}
