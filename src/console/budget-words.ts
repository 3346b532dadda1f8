import type { BudgetView } from "./api-budgets.js";

/**
 * What a person wants to know of budgets first: what messages wait for, and for how long.
 *
 * @param inQueue messages that wait in the queue: no more are fetched than budgets let start soon.
 */
export function budgetSummary(budgets: readonly BudgetView[], inQueue = 0): string {
  const waitedFor = budgets.filter(({ waiting }) => waiting > 0).sort(byWait);
  const [worst, ...others] = waitedFor;
  if (worst)
    return [limitText(worst, inQueue), fullText(worst), pauseText(worst), othersText(others.length)]
      .filter(Boolean)
      .join(" ");
  const paused = budgets.find(({ pausedSeconds }) => pausedSeconds > 0);
  return paused ? `No message waits for a budget. ${pauseText(paused)}` : "No message waits for a budget.";
}

const byWait = (one: BudgetView, other: BudgetView) =>
  other.longestWaitSeconds - one.longestWaitSeconds || other.waiting - one.waiting;

function limitText(budget: BudgetView, inQueue: number): string {
  const { waiting, longestWaitSeconds } = budget;
  const messages = waiting === 1 ? "1 message waits" : `${count(waiting)} messages wait`;
  // What waits for less is spaced, as it is meant to be.
  const isSpaced = longestWaitSeconds < 1;
  const what = isSpaced ? "spaces the runs" : "is the limit";
  const longest = isSpaced ? "less than a second" : secondsText(longestWaitSeconds);
  const wait = waiting === 1 || isSpaced ? `for ${longest}` : `the longest for ${longest}`;
  const rest = inQueue === 0 ? "" : `; ${count(inQueue)} more in the queue`;
  return `${nameOf(budget)} ${what}: ${messages} for it, ${wait}${rest}.`;
}

/** Where it isn't the rate that messages wait for. */
function fullText({ running, atOnce, pausedSeconds }: BudgetView): string {
  if (atOnce === undefined || running < atOnce || pausedSeconds > 0) return "";
  return atOnce === 1 ? "Its only run at once is taken." : `All of its ${count(atOnce)} runs at once are taken.`;
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

const count = (value: number) => value.toLocaleString("en");
const nameOf = ({ name, queueName }: BudgetView) => (queueName === undefined ? name : `${name} of ${queueName}`);

function secondsText(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
