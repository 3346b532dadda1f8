import type { BudgetView } from "./budget-view.js";

/** What a person wants to know of budgets first: what messages wait for, and for how long. */
export function budgetSummary(budgets: readonly BudgetView[]): string {
  const waitedFor = budgets.filter(({ waiting }) => waiting > 0).sort((a, b) => b.waiting - a.waiting);
  const [most, ...others] = waitedFor;
  if (most) return [limitText(most), pauseText(most), othersText(others.length)].filter(Boolean).join(" ");
  const paused = budgets.find(({ pausedSeconds }) => pausedSeconds > 0);
  return paused ? `No message waits for a budget. ${pauseText(paused)}` : "No message waits for a budget.";
}

function limitText(budget: BudgetView): string {
  const { waiting, longestWaitSeconds } = budget;
  const name = nameOf(budget);
  const messages = waiting === 1 ? "1 message waits" : `${waiting} messages wait`;
  // What waits for less is spaced, as it is meant to be.
  if (longestWaitSeconds < 1) return `${name} spaces the runs: ${messages} for it, for less than a second.`;
  return `${name} is the limit: ${messages} for it, the longest for ${secondsText(longestWaitSeconds)}.`;
}

function pauseText(budget: BudgetView): string {
  const { pausedSeconds, pausedTasks, tasks } = budget;
  if (pausedSeconds <= 0) return "";
  const calls = tasks > 1 ? `no call of ${pausedTasks} of ${tasks} tasks` : "no call";
  return `The provider of ${nameOf(budget)} takes ${calls} for ${secondsText(pausedSeconds)} more.`;
}

function othersText(others: number): string {
  if (others === 0) return "";
  return others === 1 ? "Messages wait for one more budget." : `Messages wait for ${others} more budgets.`;
}

const nameOf = ({ name, queueName }: BudgetView) => (queueName === undefined ? name : `${name} of ${queueName}`);

function secondsText(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
