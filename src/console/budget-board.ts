import type { BudgetSpec, BudgetStatus } from "../pipeline/ports/budget.js";
import { BUDGETS_SHOWN, type BudgetLimit, type BudgetsView, type BudgetView } from "./api-budgets.js";
import { BudgetCurve } from "./budget-curve.js";
import { budgetSummary } from "./budget-words.js";
import { shown } from "./shown.js";

type Statuses = readonly BudgetStatus[] | undefined;

const THOUSANDTHS = 1_000;

/** What the page shows of one worker's budgets, and how they went lately. */
export class BudgetBoard {
  readonly #curves = new Map<string, BudgetCurve>();

  /** Samples; to be called once a second. */
  tick(statuses: Statuses): void {
    for (const { name, usedShare, pausedSeconds } of statuses ?? []) {
      let curve = this.#curves.get(name);
      if (!curve) {
        if (this.#curves.size === BUDGETS_SHOWN) continue;
        curve = new BudgetCurve();
        this.#curves.set(name, curve);
      }
      curve.add(usedShare, pausedSeconds > 0);
    }
  }

  /** Undefined where there is no budget. @param inQueue messages that wait in the queue, where that is known. */
  view(statuses: Statuses, inQueue?: number): BudgetsView | undefined {
    if (!statuses || statuses.length === 0) return undefined;
    const list = statuses.slice(0, BUDGETS_SHOWN).map((status) => this.#budget(status));
    return { summary: budgetSummary(list, inQueue), list, leftOut: statuses.length - list.length };
  }

  #budget(status: BudgetStatus): BudgetView {
    const { name, spec, perSecond, atOnce, tableAnswers, pausedSeconds } = status;
    return {
      // Settings name most of them, but what an agent says is busy names the others.
      name: shown(name),
      ...(spec && { limit: limitOf(spec) }),
      ...(perSecond !== undefined && { perSecond: precise(perSecond) }),
      usedPerSecond: precise(status.usedPerSecond),
      usedShare: rounded(status.usedShare),
      usedOf: spec ? "share" : "learned",
      taken: rounded(status.taken),
      running: status.running,
      ...(atOnce !== undefined && { atOnce }),
      waiting: status.waiting,
      longestWaitSeconds: rounded(status.longestWaitSeconds),
      pausedSeconds: rounded(pausedSeconds),
      pauses: status.pauses,
      tasks: 1,
      pausedTasks: Number(pausedSeconds > 0),
      ...(tableAnswers !== undefined && { withoutTable: Number(!tableAnswers) }),
      lately: this.#curves.get(name)?.view() ?? { used: [], paused: [] },
    };
  }
}

const limitOf = ({ amount, perSeconds, atOnce }: BudgetSpec): BudgetLimit => ({
  amount,
  perSeconds,
  ...(atOnce !== undefined && { atOnce }),
});

/** A budget of some an hour is few a second. */
const precise = (value: number) => Number(value.toPrecision(4));
const rounded = (value: number) => Math.round(value * THOUSANDTHS) / THOUSANDTHS;
