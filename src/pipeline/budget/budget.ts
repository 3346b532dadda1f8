import type { BudgetSpec, BudgetStatus, BudgetWait } from "../ports/budget.js";
import { AdaptiveRate } from "./adaptive-rate.js";
import type { LookBeyond } from "./look-beyond.js";
import { RecentUse } from "./recent-use.js";
import type { Supply } from "./supply.js";
import { TokenBucket } from "./token-bucket.js";

/** How much one more message says of what a message takes, against those before. */
const WEIGHT = 0.05;
/** Longest pause, whatever a provider says: what lasts longer is no pause, and it is asked again. */
export const PAUSE_MAX_SECONDS = 3_600;
/** Of a provider that names no time: the first pause, and at most how often it doubles. */
const PAUSE_FIRST_SECONDS = 1;
const PAUSE_DOUBLINGS = 6;
/** Rates grow by hundredths in a second: looked at no more often, since each run looks at them. */
const ADAPTED_EVERY_MS = 10;
/** Of a rate that was learned: what comes in during a pause is no reason for a wave of calls after it. */
const LEARNED_BURST_SECONDS = 0.25;
/** An estimate of the fleet's size that is so near to a whole number means that one. */
const NEAR = 0.05;

/** One budget, as far as this task may use it: tokens, runs at once, and what its provider says. */
export class Budget {
  readonly name: string;
  readonly spec: BudgetSpec | undefined;
  /** Of all messages, the part that takes some of it: 1 until one doesn't. */
  useShare = 1;
  /** Where a function says what each message takes, and some may take nothing. */
  beyond: LookBeyond | undefined;
  readonly #supply: Supply;
  readonly #rate: AdaptiveRate;
  readonly #used: RecentUse;
  #meanUse: number | undefined;
  #tasks = 1;
  #running = 0;
  #taken = 0;
  #adaptedAt = Number.NEGATIVE_INFINITY;
  #pausedUntil = 0;
  #pauses = 0;
  /** Pauses since the last run that its provider took. */
  #inRow = 0;

  /** @param supply of its own, instead of this task's share. */
  constructor(name: string, spec: BudgetSpec | undefined, now: number, supply?: Supply) {
    this.name = name;
    this.spec = spec;
    const told = spec && spec.amount / spec.perSeconds;
    this.#rate = new AdaptiveRate(told, now);
    this.#supply = supply ?? bucketOf(told, now);
    this.#used = new RecentUse(now);
  }

  /** The most that can be taken at once. */
  get amountMax(): number {
    return this.spec?.amount ?? Number.POSITIVE_INFINITY;
  }

  get #atOnce(): number {
    const { atOnce } = this.spec ?? {};
    return atOnce === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(atOnce / nearWhole(this.#tasks)));
  }

  /** From now on so many tasks share it. */
  share(tasks: number, now: number): void {
    this.#tasks = Math.max(1, tasks);
    if (this.spec) this.#rate.told = this.spec.amount / this.spec.perSeconds / this.#tasks;
    this.#adapt(now, true);
  }

  /** Milliseconds until a run may take so much; 0: now; Infinity: when another has ended. */
  startsInMs(amount: number, now: number): number {
    if (this.#running >= this.#atOnce) return Number.POSITIVE_INFINITY;
    return this.inMs(amount, now);
  }

  /** The same for a run that is at work. */
  inMs(amount: number, now: number): number {
    this.#adapt(now);
    return Math.max(this.#pausedUntil - now, this.#supply.inMs(amount, now), 0);
  }

  /** All that was taken, less what was given back: who takes some has its place by it. */
  get taken(): number {
    return this.#taken;
  }

  /** Milliseconds until all up to that place is paid; what was taken since waits behind it. */
  paidInMs(place: number, now: number): number {
    return this.inMs(Math.min(0, place - this.#taken), now);
  }

  /** Whether a run holds it, or its provider wants no call. */
  isHeld(now: number): boolean {
    return this.#running > 0 || now < this.#pausedUntil;
  }

  /** A run begins, and takes so much. */
  begin(amount: number, now: number): void {
    this.#running++;
    this.take(amount, now);
  }

  /** A run has ended; `well`: its provider takes calls. */
  end(well: boolean): void {
    this.#running--;
    if (well) this.#inRow = 0;
  }

  /** Takes so much more, or gives it back. */
  take(amount: number, now: number): void {
    this.#taken += amount;
    this.#used.add(amount, now);
    this.#rate.took(amount);
    this.#supply.take(amount, now);
  }

  /** Its provider refused a call, which took nothing, and wants none for so many seconds; returns these. */
  pause(seconds: number | undefined, now: number, running = 1): number {
    // Calls that were under way are refused as well, and must not make the pause longer than it is in its row.
    if (now >= this.#pausedUntil) {
      this.#pauses++;
      this.#inRow++;
    }
    const usual = PAUSE_FIRST_SECONDS * 2 ** Math.min(Math.max(0, this.#inRow - 1), PAUSE_DOUBLINGS);
    const lasts = Math.min(PAUSE_MAX_SECONDS, seconds ?? usual);
    this.#pausedUntil = Math.max(this.#pausedUntil, now + lasts * 1000);
    this.#rate.refused(now, this.#pausedUntil, running);
    this.#adapt(now, true);
    return lasts;
  }

  /** Notes what one more message takes of it; undefined: nothing. */
  saw(amount: number | undefined): void {
    this.useShare += WEIGHT * (Number(amount !== undefined) - this.useShare);
    if (amount !== undefined) this.#meanUse = amount + (1 - WEIGHT) * ((this.#meanUse ?? amount) - amount);
  }

  /** Messages that may be started from now on within `ms` milliseconds, as far as it knows. */
  startsWithin(ms: number, now: number): number {
    this.#adapt(now);
    if (this.#pausedUntil - now >= ms) return 0;
    const atOnce = this.#atOnce;
    // Those that run end as well, and make way for as many.
    const byRuns = atOnce - this.#running + atOnce;
    return Math.max(0, Math.min(byRuns, this.paidWithin(ms, now)));
  }

  /** The same, however many may run at once. */
  paidWithin(ms: number, now: number): number {
    this.#adapt(now);
    const left = ms - Math.max(0, this.#pausedUntil - now);
    const each = this.#meanUse ?? 1;
    if (left <= 0) return 0;
    return each > 0 ? Math.max(0, this.#supply.within(left, now)) / each : Number.POSITIVE_INFINITY;
  }

  /** Of the whole service, the runs a second that it allows at most, and those at once. */
  get fleetLimits(): { readonly startsPerSecond: number; readonly atOnce: number } {
    const { spec } = this;
    const each = this.#meanUse ?? 1;
    if (!spec) return { startsPerSecond: Number.POSITIVE_INFINITY, atOnce: Number.POSITIVE_INFINITY };
    const startsPerSecond = each > 0 ? spec.amount / spec.perSeconds / each : Number.POSITIVE_INFINITY;
    return { startsPerSecond, atOnce: spec.atOnce ?? Number.POSITIVE_INFINITY };
  }

  /** @param wait what it keeps waiting, if anything. */
  status(now: number, wait?: BudgetWait): BudgetStatus {
    const used = Math.max(0, this.#used.perSecond(now));
    const perSecond = this.#rate.perSecond(now, used);
    const atOnce = this.#atOnce;
    return {
      name: this.name,
      spec: this.spec,
      perSecond: Number.isFinite(perSecond) ? perSecond : undefined,
      usedShare: Number.isFinite(perSecond) && perSecond > 0 ? used / perSecond : 0,
      usedPerSecond: used,
      taken: this.#taken,
      running: this.#running,
      atOnce: Number.isFinite(atOnce) ? atOnce : undefined,
      waiting: wait?.messages ?? 0,
      longestWaitSeconds: (wait?.longestMs ?? 0) / 1000,
      tableAnswers: this.#supply.answers,
      pausedSeconds: Math.max(0, this.#pausedUntil - now) / 1000,
      pauses: this.#pauses,
    };
  }

  #adapt(now: number, isNews = false): void {
    if (!isNews && now - this.#adaptedAt < ADAPTED_EVERY_MS) return;
    this.#adaptedAt = now;
    this.#supply.setRate(this.#rate.perSecond(now, this.#used.perSecond(now)), now, this.#rate.part(now));
  }
}

function bucketOf(told: number | undefined, now: number): TokenBucket {
  return told === undefined
    ? new TokenBucket(Number.POSITIVE_INFINITY, now, LEARNED_BURST_SECONDS)
    : new TokenBucket(told, now);
}

/** Where the fleet's size is estimated it is no whole number, and a hair above one would cost each task a run. */
function nearWhole(tasks: number): number {
  const whole = Math.round(tasks);
  return Math.abs(tasks - whole) <= NEAR * whole ? whole : tasks;
}
