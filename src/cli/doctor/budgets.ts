import type { StackReport } from "../../aws/ecs/service-stack.js";
import type { Config } from "../../config/config.js";
import type { BudgetSpec } from "../../pipeline/ports/budget.js";
import { bad, type Finding, ok, span, warn } from "./finding.js";

/** The most that a fleet may have, as far as it is known. */
export interface Fleet {
  readonly tasks: number;
  readonly slotsOfTask: number;
  /** Who says how many tasks; undefined: nobody, so that one is spoken of. */
  readonly saidBy: string | undefined;
}

/** What an agent's own `uses` may be: numbers, and functions that only a message answers. */
export type AgentUses = Readonly<Record<string, unknown>>;

const ABOUT = "budgets";

/** @param tasks what was typed; it goes before what the stack says. */
export function fleetOf(config: Config, tasks: number | undefined, stack: StackReport | undefined): Fleet {
  const environment = stack?.container.ok ? stack.container.value.environment : {};
  const slotsOfTask = Number(environment.CONCURRENCY || config.concurrency);
  if (tasks !== undefined) return { tasks, slotsOfTask, saidBy: "--tasks" };
  if (!stack?.size?.ok) return { tasks: 1, slotsOfTask, saidBy: undefined };
  const { ceiling, desired } = stack.size.value;
  const services = Number(environment.FLEET_SERVICES || config.fleetServices);
  const each = ceiling === undefined ? `what ${stack.about} wants` : `the ceiling of ${stack.about}`;
  const saidBy = services > 1 ? `${each}, times ${services} services` : each;
  return { tasks: Math.max(1, ceiling ?? desired) * services, slotsOfTask, saidBy };
}

/**
 * Slots × tasks × what budgets let them do: those that no agent can ever fill.
 * @param uses the agent's own; undefined where it has none or was not loaded.
 */
export function budgetFindings(config: Config, fleet: Fleet, uses: AgentUses | undefined): Finding[] {
  return config.budgets.flatMap((budget) => {
    const use = (config.uses ?? uses)?.[budget.name];
    if (use === undefined) return [unused(budget)];
    const each = typeof use === "number" && use > 0 ? use : undefined;
    return [...tooManyTasks(budget, fleet), slotsFinding(budget, each, config.handlerTimeoutSeconds, fleet)];
  });
}

function unused({ name }: BudgetSpec): Finding {
  const advice = `name it in USES, or in uses of defineHandler; run would end with exit code 78`;
  return bad(ABOUT, `${name}: nothing uses it`, advice);
}

/** @param each what a message takes before its run; undefined where only the agent knows. */
function slotsFinding(budget: BudgetSpec, each: number | undefined, agentSeconds: number, fleet: Fleet): Finding {
  const { name, atOnce = Number.POSITIVE_INFINITY } = budget;
  const slots = fleet.slotsOfTask * fleet.tasks;
  const startsPerSecond = each === undefined ? Number.POSITIVE_INFINITY : budget.amount / budget.perSeconds / each;
  const byRate = startsPerSecond * agentSeconds;
  const most = Math.max(1, Math.floor(Math.min(atOnce, byRate)));
  const all = slotsOf(fleet);
  if (slots > most) {
    const why =
      atOnce <= byRate
        ? `at most ${atOnce} at once`
        : `${rateOf(startsPerSecond)} begin, and agents may take ${span(agentSeconds)}`;
    return warn(ABOUT, `${name}: of ${all} no more than ${most} can ever be used (${why})`, adviceFor(most, fleet));
  }
  if (each === undefined) {
    return ok(ABOUT, `${name}: only agents know what they take of it; how many of ${all} that fills can't be said`);
  }
  const seconds = Math.round((slots / startsPerSecond) * 10) / 10;
  return ok(ABOUT, `${name}: ${all} are all used only by agents of ${span(seconds)} or longer`);
}

/** Each task has one run at least, so that more tasks than `*8` break it. */
function tooManyTasks({ name, atOnce = Number.POSITIVE_INFINITY }: BudgetSpec, { tasks }: Fleet): Finding[] {
  if (tasks <= atOnce) return [];
  const text = `${name}: each of ${tasks} tasks lets one run, so ${tasks} may run at once, and not ${atOnce}`;
  return [warn(ABOUT, text, `set the ceiling to ${atOnce} tasks or less`)];
}

function slotsOf({ tasks, slotsOfTask, saidBy }: Fleet): string {
  const slots = slotsOfTask === 1 ? "1 slot" : `${slotsOfTask} slots`;
  if (saidBy === undefined) return `${slots} of one task (--tasks N counts the fleet)`;
  return `${slots} × ${tasks} tasks (${saidBy})`;
}

function adviceFor(most: number, { tasks, slotsOfTask }: Fleet): string {
  const enough = Math.ceil(most / slotsOfTask);
  const lower =
    tasks > 1 && enough < tasks
      ? `a fleet of ${enough} is enough: lower the ceiling`
      : `lower CONCURRENCY to ${Math.max(1, Math.floor(most / tasks))}`;
  return `${lower}, or ask the provider for more`;
}

function rateOf(perSecond: number): string {
  const [amount, unit] = perSecond >= 1 ? [perSecond, "s"] : [perSecond * 60, "min"];
  return `${Math.round(amount * 10) / 10}/${unit}`;
}
