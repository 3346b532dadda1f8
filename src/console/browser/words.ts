import type { Quantiles } from "../api.js";
import type { ErrorKind, MessageState } from "../api-messages.js";

/** How numbers, times and outcomes are said. */

export const count = (value: number) => value.toLocaleString("en");
export const rate = (value: number) => (value < 99.95 ? value.toFixed(1) : count(Math.round(value)));

export function span(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(seconds / 3_600);
  return hours < 48 ? `${hours} h ${Math.floor((seconds % 3_600) / 60)} min` : `${Math.floor(hours / 24)} days`;
}

export function duration(ms: number): string {
  if (ms === 0) return "0 ms";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : span(ms / 1_000);
}

export const clockTime = (at: number) => new Date(at).toLocaleTimeString("en-GB");

/** With the thousandths, which tell stages apart. */
export const exactTime = (at: number) => `${clockTime(at)}.${String(Math.floor(at) % 1_000).padStart(3, "0")}`;

export function ago(at: number, now: number): string {
  const seconds = Math.max(0, (now - at) / 1_000);
  return seconds < 1 ? "now" : `${span(seconds)} ago`;
}

export const quantile = (quantiles: Quantiles | undefined, which: "p50" | "p95" | "p99") =>
  quantiles ? duration(quantiles[which]) : "–";

/** Outcomes, each with its sentence. */
export const STATES: Readonly<Record<MessageState, readonly [word: string, help: string]>> = {
  done: ["done", "Its agent succeeded, and it was deleted."],
  retry: ["failed", "Its agent failed: it becomes visible again, to be tried once more."],
  reject: ["rejected", "It can never succeed: it was copied to the dead letters and deleted."],
  defer: ["deferred", "The message is not at fault: it waits, without walking towards the dead letters."],
  interrupted: ["interrupted", "The worker was told to stop before the agent had ended: it was made visible again."],
  leaseLost: ["lease lost", "The time for which the queue hides it was over before its agent was: others may have it."],
  running: ["running", "An agent works on it."],
  waiting: ["waits", "It waits for a budget, under its lease, without a slot."],
  released: ["released", "It was made visible again without a run."],
};

export const KINDS: Readonly<Record<ErrorKind, string>> = {
  retry: "failed",
  retriedHere: "failed, tried again here",
  reject: "rejected",
  defer: "deferred",
  interrupted: "interrupted",
  leaseLost: "lease lost",
};

export const WITHOUT_RUN: Readonly<Record<string, readonly [word: string, help: string]>> = {
  stop: ["at a stop", "The worker was stopped before the message's turn."],
  late: ["too late", "It waited so long for a slot that others may have one sooner."],
  group: ["its group's head", "A message before it, of the same FIFO group, had to go back."],
  again: ["came again", "It was received again while it was in hand."],
  overflow: ["more than fit", "The queue brought more messages than there was room for."],
  expired: ["lease over", "Its lease was over before a slot was free."],
  damaged: ["damaged body", "Its body didn't fit its checksum."],
};

/** Sums that are trouble, each with its sentence; harmless ones happen in a healthy worker too. */
export const TROUBLES: readonly (readonly [name: string, word: string, help: string, harmless?: true])[] = [
  ["receiveErrors", "receives failed", "Receives that the queue didn't answer, or refused."],
  ["settleErrors", "settles failed", "Deletes, visibility changes and copies that failed, each try counted."],
  ["extendErrors", "extends failed", "Leases that could not be extended, each try counted."],
  ["leasesLost", "leases lost", "Leases that ended before their agent did: others may have had the message meanwhile."],
  [
    "uncertain",
    "not surely settled",
    "Their outcome could not be carried out before the lease ended: they may come again.",
  ],
  ["abortsIgnored", "aborts ignored", "Agents that ran on after they were told to stop."],
  ["crashes", "crashes", "Agents' processes that died of themselves, or were killed for an excess."],
  ["oddAnswers", "odd answers", "Answers of the queue that made no sense."],
  ["withoutRun", "without a run", "Receives that no run followed: each is one of those that the queue counts."],
  ["retriedHere", "retried here", "Failed deliveries that were tried again under their lease.", true],
  ["deferred", "held back here", "Deliveries that waited here, under their lease, to run again.", true],
];
