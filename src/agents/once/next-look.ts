import type { ReceivedMessage } from "../../pipeline/ports/queue.js";

/** A repetition whose first is at work here looks again after this: it costs no call. */
const HERE_MS = 5_000;
/** An early look at one that is at work elsewhere comes no sooner. */
const EARLY_MIN_MS = 5_000;
/** Of the usual time of a run: after this most have ended. */
const EARLY_TIMES_USUAL = 2;
/** Between two looks at a table that is down, for a message that was received once. */
const DOWN_MS = { base: 30_000, max: 900_000 };
/** Weight of the latest run in the usual time. */
const LATEST = 1 / 8;

/**
 * When a message that can't run now looks at its key again.
 *
 * Where another run holds the key, the end of its lease is when it must; but most runs are much shorter, and a FIFO group
 * stands still meanwhile. So there is one early look, when a run here would have ended: most find the key finished then,
 * at the price of the look that they had to make anyway. A message that was received before has none: its holder is likely
 * the worker that died of it.
 */
export class NextLook {
  readonly #lookedEarly = new WeakSet<ReceivedMessage>();
  #usualMs: number | undefined;

  /** A run has ended well after so long. */
  ran(ms: number): void {
    this.#usualMs = this.#usualMs === undefined ? ms : this.#usualMs + (ms - this.#usualMs) * LATEST;
  }

  /** Seconds until a repetition of what is at work in this worker looks again. */
  here(): number {
    return HERE_MS / 1000;
  }

  /** Seconds until a message looks again whose key is held elsewhere for `leaseMs` more. */
  elsewhere(message: ReceivedMessage, leaseMs: number): number {
    if (message.receiveCount > 1 || this.#lookedEarly.has(message)) return seconds(leaseMs);
    this.#lookedEarly.add(message);
    return seconds(Math.min(leaseMs, Math.max(EARLY_MIN_MS, (this.#usualMs ?? 0) * EARLY_TIMES_USUAL)));
  }

  /**
   * Seconds until a message looks again at a table that doesn't answer. One that is kept here does so again and again after
   * the same time, at no cost. One that has to go back to the queue is a receive older each time: it comes back later and
   * later, so that an outage doesn't walk it to the dead letters.
   */
  atTable({ receiveCount }: ReceivedMessage): number {
    return seconds(Math.min(DOWN_MS.max, DOWN_MS.base * 2 ** Math.min(receiveCount - 1, 10)));
  }
}

/** Whole seconds, within what SQS can hide a message for. */
function seconds(ms: number): number {
  return Math.min(43_200, Math.max(1, Math.ceil(ms / 1000)));
}
