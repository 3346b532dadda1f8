import type { Budget } from "../budget/budget.js";
import type { Charges } from "../budget/charges.js";
import type { Ledger } from "../budget/ledger.js";
import type { BudgetWait } from "../ports/budget.js";
import type { Clock, Timer } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";

/** One that waits for longer than this keeps all its budgets from those behind it, not only those that it lacks. */
const FAIR_AFTER_MS = 10_000;
/** The least wait of a timer: budgets are quicker than timers, and a burst's worth is kept meanwhile. */
const TIMER_MIN_MS = 5;
/** And the longest: a share may grow meanwhile, and Node's timers hold no more than 24 days. */
const TIMER_MAX_MS = 1_000;

interface Waiting {
  readonly charges: Charges;
  /** Of the lane's blocked time, what had passed when it came. */
  readonly blockedBefore: number;
}

/** Deliveries that take of the same budgets, in order. */
interface Lane {
  readonly waiting: Map<Delivery, Waiting>;
  /** Milliseconds for which its first has waited for budgets alone, in all; and since when it does now. */
  blockedMs: number;
  blockedSince: number | undefined;
  /** The budgets that it waited for when it was last asked for its first. */
  blockedBy: readonly Budget[];
}

/**
 * What waits and takes of budgets: a lane for each set of them, so that those that need none, or others, pass. The oldest
 * goes first; none takes of a budget that an older one waits for.
 */
export class BudgetLanes {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #onReady: () => void;
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOf = new Map<Delivery, Lane>();
  #timer: Timer;

  /** @param onReady is told when one may start that couldn't when it was asked for. */
  constructor(ledger: Ledger, clock: Clock, onReady: () => void) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#onReady = onReady;
  }

  get size(): number {
    return this.#laneOf.size;
  }

  /** Of the deliveries, how many wait for a budget. */
  waitingFor(budget: Budget): number {
    let count = 0;
    for (const { waiting } of this.#lanes.values()) {
      const first = waiting.values().next().value;
      if (first?.charges.all.some((charge) => charge.budget === budget)) count += waiting.size;
    }
    return count;
  }

  /** What each budget keeps waiting at this moment; what waits for a slot alone isn't among it. */
  waits(): Map<Budget, BudgetWait> {
    const waits = new Map<Budget, BudgetWait>();
    for (const [, { blockedBefore }, lane] of this.#heads()) {
      if (lane.blockedSince === undefined) continue;
      const ms = this.#blockedMs(lane) - blockedBefore;
      for (const budget of lane.blockedBy) {
        const { messages, longestMs } = waits.get(budget) ?? { messages: 0, longestMs: 0 };
        waits.set(budget, { messages: messages + lane.waiting.size, longestMs: Math.max(longestMs, ms) });
      }
    }
    return waits;
  }

  /** The deliveries that these are, each with the budgets that it waits for; those of a lane in order. */
  *blocked(): Iterable<[Delivery, readonly Budget[]]> {
    for (const { waiting, blockedSince, blockedBy } of this.#lanes.values()) {
      if (blockedSince === undefined) continue;
      for (const delivery of waiting.keys()) yield [delivery, blockedBy];
    }
  }

  add(delivery: Delivery, charges: Charges): void {
    let lane = this.#lanes.get(charges.key);
    if (!lane) {
      lane = { waiting: new Map(), blockedMs: 0, blockedSince: undefined, blockedBy: [] };
      this.#lanes.set(charges.key, lane);
    }
    lane.waiting.set(delivery, { charges, blockedBefore: this.#blockedMs(lane) });
    this.#laneOf.set(delivery, lane);
  }

  /** False if it didn't wait here. */
  remove(delivery: Delivery): boolean {
    const lane = this.#laneOf.get(delivery);
    if (!lane) return false;
    lane.waiting.delete(delivery);
    this.#laneOf.delete(delivery);
    if (lane.waiting.size === 0) lane.blockedSince = undefined;
    return true;
  }

  /** All, the oldest of each lane first. */
  *all(): Iterable<Delivery> {
    for (const { waiting } of this.#lanes.values()) yield* waiting.keys();
  }

  /** Those that budgets don't let start within `ms` milliseconds, as far as is known: the youngest of each lane. */
  *beyond(ms: number): Iterable<Delivery> {
    const now = this.#clock.monotonic();
    for (const [, { charges }, { waiting }] of this.#heads()) {
      const starts = Math.min(...charges.all.map(({ budget }) => budget.startsWithin(ms, now)));
      let place = 0;
      for (const delivery of waiting.keys()) if (++place > starts) yield delivery;
    }
  }

  /** The one to start next, which stays until it is begun; undefined when budgets allow none, and then `onReady` is told. */
  next(): Delivery | undefined {
    if (this.#laneOf.size === 0) return undefined;
    const now = this.#clock.monotonic();
    const only = this.#firstOfOne(now);
    if (only) return only;
    const kept = new Set<Budget>();
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const [delivery, { charges }, lane] of this.#heads()) {
      const lacking = charges.lacking(now);
      if (lacking.length === 0 && !charges.all.some(({ budget }) => kept.has(budget))) return delivery;
      lane.blockedSince ??= now;
      lane.blockedBy =
        lacking.length > 0 ? lacking : charges.all.flatMap(({ budget }) => (kept.has(budget) ? budget : []));
      soonestMs = Math.min(soonestMs, charges.startsInMs(now) || Number.POSITIVE_INFINITY);
      const isOld = now - delivery.waitsSince > FAIR_AFTER_MS;
      for (const budget of isOld ? charges.all.map((charge) => charge.budget) : lacking) kept.add(budget);
    }
    this.#wakeIn(soonestMs);
    return undefined;
  }

  /** Takes out a delivery that begins, and charges for it. */
  begin(delivery: Delivery): void {
    const lane = this.#laneOf.get(delivery)!;
    const { charges, blockedBefore } = lane.waiting.get(delivery)!;
    delivery.budgetWaitMs = this.#blockedMs(lane) - blockedBefore;
    lane.blockedMs = this.#blockedMs(lane);
    lane.blockedSince = undefined;
    this.remove(delivery);
    delivery.grant = this.#ledger.begin(charges);
  }

  /** Tells nobody any more. */
  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  /** Where all take of the same budgets, as most do: the first, if these allow it. */
  #firstOfOne(now: number): Delivery | undefined {
    if (this.#lanes.size > 1) return undefined;
    for (const { waiting } of this.#lanes.values())
      for (const [delivery, { charges }] of waiting) return charges.startsInMs(now) === 0 ? delivery : undefined;
    return undefined;
  }

  /** The first of each lane, the oldest first. */
  #heads(): [Delivery, Waiting, Lane][] {
    const heads: [Delivery, Waiting, Lane][] = [];
    for (const lane of this.#lanes.values()) {
      const first = lane.waiting.entries().next().value;
      if (first) heads.push([...first, lane]);
    }
    return heads.length > 1 ? heads.sort(([a], [b]) => a.waitsSince - b.waitsSince) : heads;
  }

  #blockedMs({ blockedMs, blockedSince }: Lane): number {
    return blockedSince === undefined ? blockedMs : blockedMs + this.#clock.monotonic() - blockedSince;
  }

  #wakeIn(ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = this.#clock.setTimer(
      () => {
        this.#timer = undefined;
        this.#onReady();
      },
      Math.min(TIMER_MAX_MS, Math.max(TIMER_MIN_MS, ms)),
    );
  }
}
