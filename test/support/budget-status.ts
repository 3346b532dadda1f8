import type { BudgetStatus } from "../../src/pipeline/ports/budget.js";

/** A budget of ten a second for one task, half used; with what a test says of it. */
export const budgetStatus = (changes: Partial<BudgetStatus> = {}): BudgetStatus => ({
  name: "openai",
  spec: { name: "openai", amount: 600, perSeconds: 60, atOnce: 8 },
  perSecond: 10,
  usedShare: 0.5,
  usedPerSecond: 5,
  taken: 100,
  running: 2,
  atOnce: 8,
  waiting: 0,
  longestWaitSeconds: 0,
  tableAnswers: undefined,
  pausedSeconds: 0,
  pauses: 0,
  ...changes,
});
