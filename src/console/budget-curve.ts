import { BUDGET_STEPS, type BudgetCurveView } from "./api-budgets.js";

/** A budget's use is a mean of about so many seconds itself. */
const STEP_SECONDS = 10;
/** More than a plot shows. */
const PERCENT_MAX = 999;

/** How one budget went over the last ten minutes, in memory that is bounded. */
export class BudgetCurve {
  readonly #used: number[] = [];
  readonly #paused: number[] = [];
  #seconds = 0;
  #usedSum = 0;
  #pausedSum = 0;

  /** To be called once a second. */
  add(usedShare: number, paused: boolean): void {
    this.#usedSum += usedShare;
    this.#pausedSum += Number(paused);
    if (++this.#seconds < STEP_SECONDS) return;
    this.#used.push(this.#percent());
    this.#paused.push(this.#pausedSum);
    if (this.#used.length > BUDGET_STEPS) {
      this.#used.shift();
      this.#paused.shift();
    }
    this.#seconds = this.#usedSum = this.#pausedSum = 0;
  }

  /** The step that isn't over included, so that there is one from the first second on. */
  view(): BudgetCurveView {
    if (this.#seconds === 0) return { used: [...this.#used], paused: [...this.#paused] };
    const before = BUDGET_STEPS - 1;
    return {
      used: [...this.#used.slice(-before), this.#percent()],
      paused: [...this.#paused.slice(-before), this.#pausedSum],
    };
  }

  #percent(): number {
    return Math.min(PERCENT_MAX, Math.round((100 * this.#usedSum) / this.#seconds));
  }
}
