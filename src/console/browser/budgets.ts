import type { Now } from "../api.js";
import { BUDGET_STEPS, type BudgetView } from "../api-budgets.js";
import { find, make, put } from "./dom.js";
import { entry } from "./entry.js";
import { spark } from "./spark.js";
import { count, quantile, span } from "./words.js";

const UNITS: Readonly<Record<number, string>> = { 1: "s", 60: "min", 3600: "h" };
const OF = {
  share: "this task's share",
  limit: "the whole limit",
  learned: "learned, growing until refused",
} as const;
/** A learned rate below this is told by the minute. */
const SLOW_PER_SECOND = 1;

/** The budgets, where there are any: what messages wait for, in words, and a card of each. */
export function drawBudgets({ budgets, budgetWaitMs }: Now): void {
  find("#budgets").hidden = find('nav a[href="#budgets"]').hidden = !budgets;
  if (!budgets) return;
  put("budgets-summary", budgets.summary);
  put(
    "budgets-waits",
    budgetWaitMs
      ? `Waits of the last minute: p50 ${quantile(budgetWaitMs, "p50")}, p99 ${quantile(budgetWaitMs, "p99")}.`
      : "",
    budgets.leftOut > 0 ? ` ${count(budgets.leftOut)} more budgets are too many to be shown.` : "",
  );
  find("#budgets .grid").replaceChildren(...budgets.list.map(budgetCard));
}

function budgetCard(budget: BudgetView): HTMLElement {
  const { name, queueName, usedShare, tasks, pausedTasks, waiting, pausedSeconds } = budget;
  const title = make("h3", "", make("span", "name", name), make("small", "", ` ${limitText(budget)}`));
  if (queueName !== undefined) title.append(make("small", "", ` on ${queueName}`));
  const percent = Math.round(usedShare * 100);
  const card = make(
    "section",
    "card budget",
    title,
    make("p", "figure", `${percent} %`, make("small", "", ` used · ${Math.max(0, 100 - percent)} % free`)),
    meter(name, percent),
    make("p", "note", useText(budget)),
    curveOf(budget),
    make(
      "dl",
      "",
      entry("waiting", "Received messages that it keeps waiting, under their lease.", waiting),
      entry("longest wait", "For how long the first of them has waited for budgets alone.", waitText(budget)),
      entry("running", "Runs at this moment that take of it, and how many may at once.", runningText(budget)),
      entry("taken", "Taken of it in all, by the tasks shown here.", budget.taken),
      entry("paused", "For how long no call is made, as its provider asked.", pauseText(budget), "", pausedSeconds > 0),
      entry("pauses", "How often its provider said that it was too much.", budget.pauses),
      ...tableEntries(budget),
      ...(tasks > 1
        ? [entry("tasks paused", "Of those whose budgets are summed here.", `${pausedTasks} of ${tasks}`)]
        : []),
    ),
  );
  card.setAttribute("aria-label", queueName === undefined ? `Budget ${name}` : `Budget ${name} on ${queueName}`);
  return card;
}

/** As BUDGETS says it. */
function limitText({ limit }: BudgetView): string {
  if (!limit) return "learned: no limit was told";
  const { amount, perSeconds, atOnce } = limit;
  return `${count(amount)}/${UNITS[perSeconds] ?? `${perSeconds} s`}${atOnce === undefined ? "" : `*${count(atOnce)}`}`;
}

function meter(name: string, percent: number): HTMLElement {
  const full = make("i", percent > 100 ? "over" : "");
  full.style.width = `${Math.min(100, percent)}%`;
  const bar = make("div", "meter", full);
  bar.setAttribute("role", "meter");
  bar.setAttribute("aria-label", `used of ${name}`);
  bar.setAttribute("aria-valuemin", "0");
  bar.setAttribute("aria-valuemax", "100");
  bar.setAttribute("aria-valuenow", String(Math.min(100, percent)));
  bar.setAttribute("aria-valuetext", `${percent} %`);
  return bar;
}

/** In the unit of its limit. */
function useText({ limit, perSecond, usedPerSecond, usedOf }: BudgetView): string {
  const slow = (perSecond ?? usedPerSecond) < SLOW_PER_SECOND;
  const seconds = limit?.perSeconds ?? (slow ? 60 : 1);
  const amount = (rate: number) => (rate * seconds).toLocaleString("en", { maximumSignificantDigits: 3 });
  const whole = usedOf === "limit" && limit ? limit.amount / limit.perSeconds : perSecond;
  const unit = `/${UNITS[seconds] ?? `${seconds} s`}`;
  if (whole === undefined) return `${amount(usedPerSecond)}${unit}; nobody knows a limit`;
  return `${amount(usedPerSecond)} of ${amount(whole)}${unit}: ${OF[usedOf]}`;
}

function curveOf({ name, lately: { used, paused } }: BudgetView): Element {
  const missing = Array<number>(Math.max(0, BUDGET_STEPS - used.length)).fill(0);
  const pauses = paused.filter((seconds) => seconds > 0).length;
  const told = `${name} in the last ten minutes: ${Math.max(0, ...used)} % used at most`;
  const isPausedAt = (index: number) => (paused[index - missing.length] ?? 0) > 0;
  const bars = [...missing, ...used];
  const svg = spark(
    bars,
    100,
    pauses > 0 ? `${told}, paused in ${pauses} of its ${used.length} steps` : told,
    isPausedAt,
  );
  svg.classList.add("use");
  return svg;
}

const runningText = ({ running, atOnce }: BudgetView) =>
  atOnce === undefined ? count(running) : `${count(running)} of ${count(atOnce)}`;

const waitText = ({ waiting, longestWaitSeconds }: BudgetView) =>
  waiting === 0 ? "–" : longestWaitSeconds < 1 ? "< 1 s" : span(Math.round(longestWaitSeconds));

const pauseText = ({ pausedSeconds }: BudgetView) =>
  pausedSeconds === 0 ? "–" : `${span(Math.ceil(pausedSeconds))} more`;

function tableEntries({ withoutTable, tasks }: BudgetView): HTMLElement[] {
  if (withoutTable === undefined) return [];
  const help = "Whether the table that it is shared by answers; where it doesn't, each task takes its share.";
  const silent = tasks > 1 ? `silent for ${withoutTable} of ${tasks} tasks` : "doesn't answer";
  return [entry("table", help, withoutTable === 0 ? "answers" : silent, "", withoutTable > 0)];
}
