import { amountFault, estimateFault, type Grant, type Uses } from "../ports/budget.js";
import { type Clock, sleep } from "../ports/clock.js";
import type { Budget } from "./budget.js";
import type { Charges } from "./charges.js";

/** What all runs' grants have in common. */
export interface RunGrantParts {
  readonly clock: Clock;
  readonly find: (name: string) => Budget | undefined;
  /** Told when something was given back. */
  readonly onMore: () => void;
}

/** A wait is looked at so often: the share may have grown meanwhile, or another run have given back what it didn't take. */
const LOOK_AGAIN_MS = 1_000;

/** What one run has taken, from its start on. */
export class RunGrant implements Grant {
  readonly #charges: Charges;
  readonly #parts: RunGrantParts;
  /** Made when it differs from what the run began with, as most never do. */
  #changed: Map<Budget, number> | undefined;
  /** Budgets of which the agent has told what it took. */
  #told: Set<Budget> | undefined;

  constructor(charges: Charges, parts: RunGrantParts) {
    this.#charges = charges;
    this.#parts = parts;
    const now = parts.clock.monotonic();
    for (const { budget, amount } of charges.all) budget.begin(amount, now);
  }

  get #taken(): Map<Budget, number> {
    this.#changed ??= new Map(this.#charges.all.map(({ budget, amount }) => [budget, amount]));
    return this.#changed;
  }

  #tells(budget: Budget): void {
    this.#told ??= new Set();
    this.#told.add(budget);
  }

  async take(name: string, amount: number, signal: () => AbortSignal): Promise<void> {
    const budget = this.#budget(name, amount);
    this.#tells(budget);
    // What it hasn't taken is not its to give back.
    this.#add(budget, Math.max(amount, -this.of(budget)));
    const { clock } = this.#parts;
    if (amount <= 0) return;
    // In the order in which they asked: else those that come after could keep it overdrawn for ever.
    const place = budget.taken;
    const inMs = () => budget.paidInMs(place, clock.monotonic());
    for (let ms = inMs(); ms > 0; ms = inMs()) {
      // Looked at only by who has to wait: a run that never saw its signal can't have given up because of it.
      signal().throwIfAborted();
      await sleep(clock, Math.min(ms, LOOK_AGAIN_MS), signal());
    }
  }

  took(totals: Uses): void {
    const all = Object.entries(totals).map(([name, total]) => [this.#budget(name, total), total] as const);
    for (const [{ name }, total] of all) {
      const fault = estimateFault(name, total);
      if (fault) throw new RangeError(fault);
    }
    for (const [budget, total] of all) {
      this.#tells(budget);
      this.#add(budget, total - this.of(budget));
    }
  }

  /** The amount that it had taken of a budget. */
  of(budget: Budget): number {
    return this.#taken.get(budget) ?? 0;
  }

  giveBack(but: (name: string) => boolean = () => false): void {
    // What its agent has told since was really taken, by calls before the one that was refused.
    for (const [budget, amount] of this.#taken)
      if (!this.#told?.has(budget) && !but(budget.name)) this.#add(budget, -amount);
  }

  end(well: boolean): void {
    for (const { budget } of this.#charges.all) budget.end(well);
  }

  #add(budget: Budget, amount: number): void {
    if (amount === 0) return;
    const { clock, onMore } = this.#parts;
    this.#taken.set(budget, this.of(budget) + amount);
    budget.take(amount, clock.monotonic());
    if (amount < 0) onMore();
  }

  #budget(name: string, amount: number): Budget {
    const budget = this.#parts.find(name);
    if (!budget) throw new RangeError(`there is no budget ${name}: BUDGETS names them`);
    const fault = amountFault(name, amount);
    if (fault) throw new RangeError(fault);
    if (amount > budget.amountMax) throw new RangeError(tooMuch(budget, amount));
    return budget;
  }
}

/** The reason of an amount that no wait can make possible. */
export function tooMuch({ name, amountMax }: Budget, amount: number): string {
  return `${amount} is more than the whole budget ${name} of ${amountMax}`;
}
