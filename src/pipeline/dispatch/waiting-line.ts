import { type ChargeFault, Charges } from "../budget/charges.js";
import type { Ledger } from "../budget/ledger.js";
import type { Clock, Timer } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import { BudgetLanes } from "./budget-lanes.js";

/** Waiting longer than this means that the agents became slow: another task may have a slot. */
const WAIT_MAX_MS = 10_000;
const LOOK_MS = 1_000;

const NOTHING = new Charges([]);

export interface WaitingLineOptions {
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Told of each that has waited for a slot for too long, and again a second later: it may remove it. */
  readonly onLate: (delivery: Delivery) => void;
  /** Told when a budget allows one that it didn't. */
  readonly onReady: () => void;
}

/**
 * The deliveries that wait for a slot, in order; those that take of budgets wait for these as well, and are passed by
 * others meanwhile.
 */
export class WaitingLine {
  readonly #options: WaitingLineOptions;
  readonly lanes: BudgetLanes;
  #waiting = new Set<Delivery>();
  #look: Timer;
  #stopped = false;

  constructor(options: WaitingLineOptions) {
    this.#options = options;
    this.lanes = new BudgetLanes(options.ledger, options.clock, options.onReady);
  }

  /** Deliveries that wait for a slot and nothing else. */
  get size(): number {
    return this.#waiting.size;
  }

  add(delivery: Delivery): void {
    const charges = this.#chargesOf(delivery);
    if (charges) this.lanes.add(delivery, charges);
    else this.#waiting.add(delivery);
  }

  /** There are other budgets than before: what waits is charged for anew. */
  recharge(): void {
    const all = [...this.#waiting, ...this.lanes.all()].sort((a, b) => a.waitsSince - b.waitsSince);
    for (const delivery of all) {
      this.remove(delivery);
      this.add(delivery);
    }
  }

  /** False if it didn't wait any more. */
  remove(delivery: Delivery): boolean {
    return this.#waiting.delete(delivery) || this.lanes.remove(delivery);
  }

  /** Whether one waits that hasn't run here. */
  get hasNew(): boolean {
    if (this.#firstNew() !== undefined) return true;
    for (const delivery of this.lanes.all()) if (delivery.runs === 0) return true;
    return false;
  }

  /**
   * Removes and returns the next that budgets allow, and charges for it: of those that haven't run here, if `newFirst` and
   * there are any.
   */
  next(newFirst: boolean): Delivery | undefined {
    const { ledger } = this.#options;
    const free = (newFirst ? this.#firstNew() : undefined) ?? this.#waiting.values().next().value;
    const charged = this.lanes.next();
    if (charged && (!free || isBefore(charged, free, newFirst))) {
      this.lanes.begin(charged);
      return charged;
    }
    if (!free) return undefined;
    this.#waiting.delete(free);
    // It takes nothing of budgets by itself, but its agent may.
    if (!ledger.isEmpty) free.grant = ledger.begin(NOTHING);
    return free;
  }

  /**
   * Keeps so many of those that budgets let start within `ms` milliseconds, those with the most receives first, and beyond
   * them what `must` stay; removes and returns the rest.
   */
  keep(count: number, ms: number, must: (delivery: Delivery) => boolean): Delivery[] {
    const late = new Set(this.lanes.beyond(ms));
    const all = [...this.#waiting, ...this.lanes.all()];
    all.sort((a, b) => b.message.receiveCount - a.message.receiveCount);
    const kept = new Set(all.filter((delivery) => !late.has(delivery)).slice(0, count));
    const rest = all.filter((delivery) => !kept.has(delivery) && !must(delivery));
    this.#waiting = new Set(all.filter((delivery) => this.#waiting.has(delivery)));
    for (const delivery of rest) this.remove(delivery);
    return rest;
  }

  /** Looks once a second for those that are late, for as long as anything waits; not after `stop`. */
  watch(): void {
    if (this.#stopped) return;
    const { clock, onLate } = this.#options;
    this.#look ??= clock.setTimer(() => {
      this.#look = undefined;
      const before = clock.monotonic() - WAIT_MAX_MS;
      for (const delivery of this.#waiting) {
        if (delivery.waitsSince > before) break;
        onLate(delivery);
      }
      if (this.#waiting.size > 0) this.watch();
    }, LOOK_MS);
  }

  /** Looks no more. */
  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimer(this.#look);
    this.#look = undefined;
  }

  /** What can't be charged for waits for its slot like all others, and ends there. */
  #chargesOf(delivery: Delivery) {
    delivery.unfit = undefined;
    try {
      return this.#options.ledger.chargesOf(delivery);
    } catch (error) {
      const { message, lasting } = error as ChargeFault;
      delivery.unfit = lasting ? { kind: "reject", reason: message } : { kind: "retry", error };
      return undefined;
    }
  }

  #firstNew(): Delivery | undefined {
    for (const delivery of this.#waiting) if (delivery.runs === 0) return delivery;
    return undefined;
  }
}

function isBefore(a: Delivery, b: Delivery, newFirst: boolean): boolean {
  if (newFirst && (a.runs === 0) !== (b.runs === 0)) return a.runs === 0;
  return a.waitsSince <= b.waitsSince;
}
