import type { Supply } from "./supply.js";

/** A bucket holds what comes in so many seconds, and one token at least: what a pause of the process may not lose. */
const BURST_SECONDS = 1;
/** Sums of shares are no binary fractions. */
const ROUNDING = 1e-6;
/** A slow budget must not keep its first call waiting; of a quick one nothing is lost in a second. */
const SLOW_PER_SECOND = 1;

/**
 * Tokens that come evenly. In any time t at most `t × rate + burstSeconds' worth + the largest amount` are taken. Begins
 * empty where the rate is one a second or more, so that tasks that start together bring no wave of calls.
 */
export class TokenBucket implements Supply {
  readonly #burstSeconds: number;
  #perSecond: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, now: number, burstSeconds = BURST_SECONDS) {
    this.#burstSeconds = burstSeconds;
    this.#perSecond = perSecond;
    this.#tokens = perSecond >= SLOW_PER_SECOND ? 0 : 1;
    this.#at = now;
  }

  has(amount: number, now: number): boolean {
    return this.inMs(amount, now) === 0;
  }

  inMs(amount: number, now: number): number {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return 0;
    this.#refill(now);
    const missing = Math.min(amount, this.#burst) - this.#tokens;
    return missing <= ROUNDING ? 0 : (missing / this.#perSecond) * 1000;
  }

  take(amount: number, now: number): void {
    this.#refill(now);
    this.#tokens = Math.min(this.#burst, this.#tokens - amount);
  }

  within(ms: number, now: number): number {
    this.#refill(now);
    return this.#tokens + (this.#perSecond * ms) / 1000;
  }

  setRate(perSecond: number, now: number): void {
    if (perSecond === this.#perSecond) return;
    this.#refill(now);
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens);
  }

  get #burst(): number {
    return Math.max(1, this.#perSecond * this.#burstSeconds);
  }

  #refill(now: number): void {
    if (this.#perSecond === Number.POSITIVE_INFINITY) this.#tokens = 0;
    else this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
  }
}
