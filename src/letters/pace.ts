import { type Clock, sleep, systemClock } from "../pipeline/ports/clock.js";

/** Lets at most so many through in a second, however many ask at once. */
export class Pace {
  #freeAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly perSecond: number,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Resolves when `count` more may go, or as soon as the signal aborts. */
  async take(count: number, signal: AbortSignal): Promise<void> {
    const now = this.clock.monotonic();
    const at = Math.max(now, this.#freeAt);
    this.#freeAt = at + (count * 1000) / this.perSecond;
    if (at > now) await sleep(this.clock, at - now, signal);
  }
}
