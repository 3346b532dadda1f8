/*
 * What /api/now tells of budgets (`Now.budgets`). Shares are parts of one, and may be a little above it.
 */

/** The budgets of a worker, or of several together; the rest of Now has none where there is no budget. */
export interface BudgetsView {
  /** In words: what a message waits for at this moment. */
  readonly summary: string;
  /** Those of the settings first, then those that were learned; fifty at most. */
  readonly list: readonly BudgetView[];
  /** Budgets that were too many to be shown. */
  readonly leftOut: number;
}

export interface BudgetView {
  readonly name: string;
  /** Only where workers of several queues are shown. */
  readonly queueName?: string;
  /** Of the whole service, as BUDGETS says it; unset: learned from a provider's word. */
  readonly limit?: BudgetLimit;
  /** What the tasks shown may take in a second; unset while nobody knows a limit. */
  readonly perSecond?: number;
  /** Of the last ten seconds, a second. */
  readonly usedPerSecond: number;
  /** The same as a share of the `usedOf`. */
  readonly usedShare: number;
  /** One task's share, or the whole limit where several tasks are shown; the rate that was learned where there is no limit. */
  readonly usedOf: "share" | "limit" | "learned";
  /** Taken in all, by the tasks shown. */
  readonly taken: number;
  readonly running: number;
  /** Runs at once, of the tasks shown; unset: as many as there are slots. */
  readonly atOnce?: number;
  /** Messages that it keeps waiting, and for how long the first of them has waited for budgets alone. */
  readonly waiting: number;
  readonly longestWaitSeconds: number;
  /** For how long its provider wants no call: the longest of the tasks shown. */
  readonly pausedSeconds: number;
  readonly pauses: number;
  readonly tasks: number;
  readonly pausedTasks: number;
  /** Of the tasks that share it by a table, those that got no answer; unset where it is divided. */
  readonly withoutTable?: number;
  /** Steps of ten seconds, ten minutes at most, oldest first. */
  readonly lately: BudgetCurveView;
}

export interface BudgetLimit {
  readonly amount: number;
  readonly perSeconds: number;
  readonly atOnce?: number;
}

export interface BudgetCurveView {
  /** The share that was used in each step, in percent. */
  readonly used: readonly number[];
  /** Seconds of each step in which it was paused. */
  readonly paused: readonly number[];
}

/** As many are shown: an agent may name one budget after the other, and so may a worker that a fleet's page asks. */
export const BUDGETS_SHOWN = 50;

/** Steps that are kept of each. */
export const BUDGET_STEPS = 60;
