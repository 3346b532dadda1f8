import {
  BUDGET_NAME,
  type BudgetSpec,
  type BudgetStatus,
  type BudgetWait,
  type DeclaredUses,
  ESTIMATED,
} from "../ports/budget.js";
import type { Clock } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import { Budget } from "./budget.js";
import { type Charge, Charges } from "./charges.js";
import { asked, usesFaults } from "./declared-uses.js";
import { LookBeyond } from "./look-beyond.js";
import { RunGrant, type RunGrantParts } from "./run-grant.js";
import type { Supply } from "./supply.js";

export interface LedgerOptions {
  readonly clock: Clock;
  readonly budgets?: readonly BudgetSpec[] | undefined;
  /** Where a budget's tokens come from, if not from this task's share. */
  readonly supplyOf?: ((spec: BudgetSpec) => Supply) | undefined;
}

/** Budgets that nobody named before a provider's word; agents' words are not to fill the memory. */
const LEARNED_MAX = 20;
/** Where a function says what messages take, some may take nothing: it is taken for so many until it has said more. */
const ASSUMED_SHARE = 0.9;
/** A budget that all messages but so many take something of bounds what is fetched. */
const NEARLY_ALL = 0.98;
/** Others are looked for behind no more than starts within so long: what waited for 12 hours would lose its lease. */
const BEYOND_MS = 6 * 3_600_000;
/** Where a budget lets fewer begin in that time, all messages are taken to need it until one doesn't. */
const BEYOND_LEAST = 100;

/**
 * The budgets of this task. A run is charged when it begins; what it really took is settled while it runs. A budget that
 * only a provider's word names holds for all messages.
 */
export class Ledger {
  readonly #clock: Clock;
  readonly #budgets = new Map<string, Budget>();
  #declared: readonly (readonly [Budget, DeclaredUses[string]])[] = [];
  readonly #learned: Budget[] = [];
  #isGuess = false;
  /** The charges of every message, where they are the same. */
  #same: Charges | undefined;
  readonly #grantParts: RunGrantParts;
  /** Told when there are other budgets than before. */
  onLearned: () => void = () => {};
  /** Told when budgets may allow more than before. */
  onMore: () => void = () => {};

  constructor({ clock, budgets = [], supplyOf }: LedgerOptions) {
    this.#clock = clock;
    this.#grantParts = { clock, find: (name) => this.#told(name), onMore: () => this.onMore() };
    const now = clock.monotonic();
    for (const spec of budgets) this.#budgets.set(spec.name, new Budget(spec.name, spec, now, supplyOf?.(spec)));
  }

  /** Whether there is any budget at all. */
  get isEmpty(): boolean {
    return this.#budgets.size === 0;
  }

  /** What messages use; returns what is wrong with that, one sentence each: then nothing is declared. */
  declare(uses: DeclaredUses): string[] {
    const faults = usesFaults(uses, (name) => this.#budgets.get(name));
    for (const name of this.#budgets.keys()) {
      if (!Object.hasOwn(uses, name))
        faults.push(`BUDGETS has ${name}, which nothing uses: USES or the agent's uses name what does`);
    }
    if (faults.length > 0) return faults;
    this.#declared = Object.entries(uses).map(([name, use]) => [this.#budgets.get(name)!, use] as const);
    for (const [budget, use] of this.#declared) {
      if (typeof use === "number") continue;
      budget.beyond = new LookBeyond();
      if (!isSlow(budget)) budget.useShare = ASSUMED_SHARE;
    }
    this.#remember();
    return [];
  }

  /** Whether the message's agent is to say first what a run takes. */
  lacksEstimates(delivery: Delivery): boolean {
    return delivery.estimates === undefined && this.#declared.some(([, use]) => use === ESTIMATED);
  }

  /** From now on so many tasks share the budgets; `isGuess`: nobody has told, and what this task holds is to tell. */
  share(tasks: number, isGuess = false): void {
    const now = this.#clock.monotonic();
    this.#isGuess = isGuess;
    for (const budget of this.#budgets.values()) budget.share(tasks, now);
    this.onMore();
  }

  /** What a run of the message takes when it begins; undefined: nothing. Throws a ChargeFault when that can't be had. */
  chargesOf(delivery: Delivery): Charges | undefined {
    if (this.#same && !delivery.awaits) return this.#same;
    if (this.#budgets.size === 0 || this.lacksEstimates(delivery)) return undefined;
    const charges = this.#chargesOf(delivery);
    return charges.length > 0 ? new Charges(charges) : undefined;
  }

  /** Charges for a run that begins now. */
  begin(charges: Charges): RunGrant {
    return new RunGrant(charges, this.#grantParts);
  }

  /**
   * A provider refused a run's call: its budgets pause, by name and seconds. The message's next run waits for them.
   * False when no pause can be kept: of too many names.
   */
  refused(delivery: Delivery, running: number, busy: Readonly<Record<string, number | undefined>>): boolean {
    const now = this.#clock.monotonic();
    const names = Object.keys(busy);
    if (!names.every((name) => this.#budgets.has(name) || this.#learn(name))) return false;
    // Of a budget that was overdrawn nothing is given back: only so does its provider's own bucket fill again.
    delivery.grant?.giveBack((name) => Object.hasOwn(busy, name));
    for (const name of names) this.#budgets.get(name)!.pause(busy[name], now, running);
    delivery.awaits = new Set([...(delivery.awaits ?? []), ...names]);
    return true;
  }

  /**
   * Messages that may be fetched for runs that budgets let begin within `ms` milliseconds, beside `waiting` that have come
   * for each budget; Infinity where some messages need no budget.
   */
  startsWithin(ms: number, waiting: (budget: Budget) => number): number {
    const now = this.#clock.monotonic();
    let starts = Number.POSITIVE_INFINITY;
    for (const budget of this.#budgets.values()) {
      if (budget.useShare < NEARLY_ALL) continue;
      const held = waiting(budget);
      const beyond = Math.min(budget.beyond?.most(held, now) ?? 0, budget.paidWithin(BEYOND_MS, now));
      starts = Math.min(starts, budget.startsWithin(ms, now) + beyond - held);
    }
    const count = Math.max(0, Math.floor(starts));
    // A task that holds nothing would never learn what it may have.
    return count === 0 && this.#isGuess && !this.#isAtWork(waiting, now) ? 1 : count;
  }

  #isAtWork(waiting: (budget: Budget) => number, now: number): boolean {
    return [...this.#budgets.values()].some((budget) => waiting(budget) > 0 || budget.isHeld(now));
  }

  /** Runs a second and at once that the budgets allow the whole service, were all messages like those seen. */
  get fleetLimits(): { readonly startsPerSecond: number; readonly atOnce: number } {
    const limits = { startsPerSecond: Number.POSITIVE_INFINITY, atOnce: Number.POSITIVE_INFINITY };
    for (const budget of this.#budgets.values()) {
      if (budget.useShare < NEARLY_ALL) continue;
      const { startsPerSecond, atOnce } = budget.fleetLimits;
      limits.startsPerSecond = Math.min(limits.startsPerSecond, startsPerSecond);
      limits.atOnce = Math.min(limits.atOnce, atOnce);
    }
    return limits;
  }

  /** @param waits what budgets keep waiting at this moment. */
  status(waits: ReadonlyMap<Budget, BudgetWait>): BudgetStatus[] {
    const now = this.#clock.monotonic();
    return [...this.#budgets.values()].map((budget) => budget.status(now, waits.get(budget)));
  }

  #chargesOf(delivery: Delivery): Charge[] {
    const charges: Charge[] = [];
    for (const [budget, use] of this.#declared) {
      const amount = typeof use === "number" ? use : asked(budget, use, delivery);
      if (amount !== undefined) charges.push({ budget, amount });
      // What the settings fix was looked at when it was declared.
      if (typeof use !== "number") budget.saw(amount);
    }
    for (const budget of this.#learned) charges.push({ budget, amount: 1 });
    for (const name of delivery.awaits ?? []) {
      if (charges.every(({ budget }) => budget.name !== name))
        charges.push({ budget: this.#budgets.get(name)!, amount: 0 });
    }
    return charges;
  }

  /** What is learned counts runs, and of amounts it knows nothing. */
  #told(name: string): Budget | undefined {
    const budget = this.#budgets.get(name);
    return budget?.spec && budget;
  }

  #learn(name: string): boolean {
    if (this.#learned.length >= LEARNED_MAX || !BUDGET_NAME.test(name)) return false;
    const budget = new Budget(name, undefined, this.#clock.monotonic());
    this.#budgets.set(name, budget);
    this.#learned.push(budget);
    this.#remember();
    this.onLearned();
    return true;
  }

  #remember(): void {
    const fixed: Charge[] = [];
    for (const [budget, use] of this.#declared) {
      if (typeof use !== "number") {
        this.#same = undefined;
        return;
      }
      budget.saw(use);
      fixed.push({ budget, amount: use });
    }
    for (const budget of this.#learned) fixed.push({ budget, amount: 1 });
    this.#same = fixed.length > 0 ? new Charges(fixed) : undefined;
  }
}

function isSlow({ spec }: Budget): boolean {
  return spec !== undefined && (spec.amount / spec.perSeconds / 1000) * BEYOND_MS < BEYOND_LEAST;
}
