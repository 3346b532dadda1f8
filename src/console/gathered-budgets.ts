import type { Now } from "./api.js";
import { BUDGET_STEPS, BUDGETS_SHOWN, type BudgetCurveView, type BudgetsView, type BudgetView } from "./api-budgets.js";
import { budgetSummary } from "./budget-words.js";

/** One task's budget, and the queue that it works on. */
interface Told {
  readonly queueName: string;
  readonly startedAt: number;
  readonly budget: BudgetView;
}

/**
 * The budgets of several workers: those of the same queue and name are one budget of a service, of whose whole limit its
 * tasks use together so much. Undefined where nobody has any.
 *
 * @param inQueue messages that wait in their queues, where that is known.
 */
export function gatheredBudgets(nows: readonly Now[], inQueue?: number): BudgetsView | undefined {
  const told = nows.flatMap(({ queueName, startedAt, budgets }) =>
    (budgets?.list ?? []).slice(0, BUDGETS_SHOWN).map((budget): Told => ({ queueName, startedAt, budget })),
  );
  if (told.length === 0) return undefined;
  const several = new Set(told.map(({ queueName }) => queueName)).size > 1;
  const same = Map.groupBy(told, ({ queueName, budget }) => JSON.stringify([queueName, budget.name]));
  const all = [...same.values()].map((each) => together(each, several));
  const list = [...all.filter(({ limit }) => limit), ...all.filter(({ limit }) => !limit)].slice(0, BUDGETS_SHOWN);
  const most = Math.max(...nows.map(({ budgets }) => budgets?.leftOut ?? 0));
  return {
    summary: budgetSummary(list, several ? undefined : inQueue),
    list,
    leftOut: all.length - list.length + most,
  };
}

function together(told: readonly Told[], several: boolean): BudgetView {
  const budgets = told.map(({ budget }) => budget);
  const sum = (value: (budget: BudgetView) => number | undefined) =>
    budgets.reduce((total, budget) => total + (value(budget) ?? 0), 0);
  const most = (value: (budget: BudgetView) => number) => Math.max(...budgets.map(value));
  // While a deployment changes it the newest task's word counts.
  const newest = told.reduce((one, other) => (other.startedAt > one.startedAt ? other : one));
  const { name, limit } = newest.budget;
  const perSecond = sum((budget) => budget.perSecond);
  const usedPerSecond = sum((budget) => budget.usedPerSecond);
  const whole = limit ? limit.amount / limit.perSeconds : perSecond;
  const byTable = budgets.some(({ withoutTable }) => withoutTable !== undefined);
  return {
    name,
    ...(several && { queueName: newest.queueName }),
    ...(limit && { limit }),
    ...(budgets.some((budget) => budget.perSecond !== undefined) && { perSecond }),
    usedPerSecond,
    usedShare: whole > 0 ? usedPerSecond / whole : 0,
    usedOf: limit ? "limit" : "learned",
    taken: sum(({ taken }) => taken),
    running: sum(({ running }) => running),
    ...(budgets.every(({ atOnce }) => atOnce !== undefined) && { atOnce: sum(({ atOnce }) => atOnce) }),
    waiting: sum(({ waiting }) => waiting),
    longestWaitSeconds: most(({ longestWaitSeconds }) => longestWaitSeconds),
    pausedSeconds: most(({ pausedSeconds }) => pausedSeconds),
    pauses: sum(({ pauses }) => pauses),
    tasks: sum(({ tasks }) => tasks),
    pausedTasks: sum(({ pausedTasks }) => pausedTasks),
    ...(byTable && { withoutTable: sum(({ withoutTable }) => withoutTable) }),
    lately: curveOf(budgets, whole),
  };
}

/** Each task's curve is of its own share: together they are weighed by these. The newest steps are the same for all. */
function curveOf(budgets: readonly BudgetView[], whole: number): BudgetCurveView {
  const steps = Math.min(BUDGET_STEPS, Math.max(0, ...budgets.map(({ lately }) => lately.used.length)));
  const used: number[] = [];
  const paused: number[] = [];
  for (let back = steps; back > 0; back--) {
    const parts = budgets.map(({ lately, perSecond = 0 }) => (lately.used.at(-back) ?? 0) * perSecond);
    used.push(whole > 0 ? Math.round(parts.reduce((sum, part) => sum + part, 0) / whole) : 0);
    paused.push(Math.max(...budgets.map(({ lately }) => lately.paused.at(-back) ?? 0)));
  }
  return { used, paused };
}
