/** A refusal takes so much of the rate; each second gives some of it back. */
const CUT = 0.9;
const CUT_LEAST = 0.05;
const GROWTH_PER_SECOND = 0.05;
/** Of a rate that was learned: slowly at first, where it is about right; what was measured far too low is soon forgotten. */
const LEARNED_GROWTH = { perSecond: 0.02, perSecondSquared: 0.005 };
/** A learned rate grows to no more than so many times what is used of it. */
const USED_TIMES = 2;
/** What a provider took before it refused is what it takes, less this. */
const LEARNED_SHARE = 0.9;
/** Of the runs at work at the first refusal, so many a second are tried next. */
const FIRST_SHARE = 0.75;
/** A shorter time than this says little of what a provider takes in a second. */
const MEASURED_MIN_MS = 1_000;
/** Calls that were under way at a refusal are refused as well: that is one word of the provider's, not several. */
const SAME_WORD_MS = 500;

/**
 * A rate within what was told, by what its provider says: less by a part at a refusal, more by a little each second.
 * Without a rate that was told there is none until the first refusal; then it is what the provider took before.
 */
export class AdaptiveRate {
  #told: number | undefined;
  #base = 1;
  #since: number;
  /** Until then a refusal says nothing new. */
  #wordUntil = Number.NEGATIVE_INFINITY;
  #measuredFrom: number;
  #accepted = 0;

  constructor(told: number | undefined, now: number) {
    this.#told = told;
    this.#since = now;
    this.#measuredFrom = now;
    if (told === undefined) this.#base = Number.POSITIVE_INFINITY;
  }

  set told(perSecond: number) {
    this.#told = perSecond;
  }

  /** In a second, from `now` on. @param used in a second of late: beyond twice as much nothing says that there is more. */
  perSecond(now: number, used: number): number {
    if (this.#told !== undefined) return this.#told * this.part(now);
    const seconds = this.#grown(now);
    const { perSecond, perSecondSquared } = LEARNED_GROWTH;
    const grown = this.#base * (1 + perSecond * seconds + perSecondSquared * seconds ** 2);
    return Math.min(grown, Math.max(this.#base, USED_TIMES * used));
  }

  /** Of a rate that was told: 1 unless its provider took less. */
  part(now: number): number {
    if (this.#told === undefined) return 1;
    return Math.min(1, this.#base + this.#grown(now) * GROWTH_PER_SECOND);
  }

  /** So much was taken. */
  took(amount: number): void {
    this.#accepted += amount;
  }

  /** The provider wants no call until `resumesAt`; `running` are the runs at work, where nothing else was measured. */
  refused(now: number, resumesAt: number, running: number): void {
    if (now < this.#wordUntil) return;
    if (this.#told !== undefined) this.#base = Math.max(CUT_LEAST, this.part(now) * CUT);
    else this.#base = this.#accepted >= 1 ? this.#learned(now) : Math.min(this.#base, running * FIRST_SHARE);
    this.#since = resumesAt;
    this.#wordUntil = resumesAt + SAME_WORD_MS;
    this.#measuredFrom = now;
    this.#accepted = 0;
  }

  #learned(now: number): number {
    const ms = now - this.#measuredFrom;
    const measured = (this.#accepted / Math.max(MEASURED_MIN_MS, ms)) * 1000 * LEARNED_SHARE;
    return Math.min(measured, this.perSecond(now, Number.POSITIVE_INFINITY) * LEARNED_SHARE);
  }

  /** Seconds since the rate was last cut. */
  #grown(now: number): number {
    return Math.max(0, now - this.#since) / 1000;
  }
}
