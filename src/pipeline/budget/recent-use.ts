/** What was taken is remembered for about so long. */
const MEMORY_MS = 10_000;

/** How much was taken in a second, over about the last ten. */
export class RecentUse {
  #sum = 0;
  #at: number;
  readonly #since: number;

  constructor(now: number) {
    this.#at = now;
    this.#since = now;
  }

  add(amount: number, now: number): void {
    this.#fade(now);
    this.#sum += amount;
  }

  perSecond(now: number): number {
    this.#fade(now);
    // Before the memory is full it holds the part of a second's worth that has come by now.
    const filled = 1 - Math.exp(-Math.max(1_000, now - this.#since) / MEMORY_MS);
    return (this.#sum / MEMORY_MS / filled) * 1000;
  }

  #fade(now: number): void {
    this.#sum *= Math.exp((this.#at - now) / MEMORY_MS);
    this.#at = now;
  }
}
