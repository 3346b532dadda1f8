import type { Clock, Timer } from "../../src/pipeline/ports/clock.js";

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets every promise callback and every immediate queued so far run; timers of the machine don't move. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A clock that moves only when told to. Timers fire in the order of their time, then of their making, and promise
 * callbacks run between them, so a test sees what a machine with no load would do.
 */
export class FakeClock implements Clock {
  #monotonic: number;
  #wallOffset: number;
  #made = 0;
  readonly #pending = new Set<Pending>();

  constructor(options: { monotonic?: number; wall?: number } = {}) {
    this.#monotonic = options.monotonic ?? 1_000;
    this.#wallOffset = (options.wall ?? Date.UTC(2026, 0, 1)) - this.#monotonic;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  wall(): number {
    return this.#monotonic + this.#wallOffset;
  }

  setTimer(callback: () => void, ms: number): Timer {
    // As with setTimeout, a time that is no number or has passed means "next", never "now".
    const pending: Pending = { at: this.#monotonic + Math.max(0, ms || 0), order: this.#made++, callback };
    this.#pending.add(pending);
    return pending;
  }

  clearTimer(timer: Timer): void {
    this.#pending.delete(timer as Pending);
  }

  /** How many timers wait: nought after a clean stop. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Milliseconds until the next timer, or undefined if none waits. */
  get nextTimerInMs(): number | undefined {
    const next = this.#next();
    return next && next.at - this.#monotonic;
  }

  /** Moves the time by `ms` milliseconds and fires what falls due on the way, timers set on the way included. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      this.#pending.delete(next);
      this.#monotonic = Math.max(this.#monotonic, next.at);
      next.callback();
      await settle();
    }
    this.#monotonic = end;
    await settle();
  }

  /** Moves the time without firing anything on the way, as a frozen process sees it; due timers fire at `advance`. */
  freeze(ms: number): void {
    this.#monotonic += ms;
  }

  /** Moves the wall clock alone: what NTP or an operator does. */
  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Sets the wall clock alone, in epoch milliseconds. */
  setWall(epochMs: number): void {
    this.#wallOffset = epochMs - this.#monotonic;
  }

  #next(): Pending | undefined {
    let next: Pending | undefined;
    for (const pending of this.#pending) {
      if (!next || pending.at < next.at || (pending.at === next.at && pending.order < next.order)) next = pending;
    }
    return next;
  }
}
