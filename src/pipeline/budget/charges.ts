import type { Budget } from "./budget.js";

/** What one run takes of one budget when it begins. */
export interface Charge {
  readonly budget: Budget;
  readonly amount: number;
}

/** What one run takes when it begins, of one budget or several. */
export class Charges {
  /** Of the same budgets, the same. */
  readonly key: string;

  constructor(readonly all: readonly Charge[]) {
    this.key = all.map(({ budget }) => budget.name).join(",");
  }

  /** Milliseconds until all of them allow it; 0: now; Infinity: when another run has ended. */
  startsInMs(now: number): number {
    let ms = 0;
    for (const { budget, amount } of this.all) ms = Math.max(ms, budget.startsInMs(amount, now));
    return ms;
  }

  /** Those that don't allow it now. */
  lacking(now: number): Budget[] {
    return this.all.filter(({ budget, amount }) => budget.startsInMs(amount, now) > 0).map(({ budget }) => budget);
  }
}

/** Why a message's run can't be charged for. `lasting`: it never can. */
export class ChargeFault extends Error {
  override readonly name = "ChargeFault";
  constructor(
    message: string,
    readonly lasting: boolean,
  ) {
    super(message);
  }
}
