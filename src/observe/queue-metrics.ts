import type { Backlog, Fleet, Metric } from "../pipeline/ports/metrics.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import { PUBLISHERS } from "./thinning.js";

/** What the definition of `SlotDemand` needs; see `src/scaling/slot-demand.ts`. */
export interface SlotDemandInput {
  readonly busySlots: number;
  readonly arrivalsPerSecond: number;
  readonly meanAgentSeconds: number;
  readonly visible: number;
  readonly delayed: number;
  readonly targetDelaySeconds: number;
  readonly drainBacklogSeconds: number;
  readonly slotsOfDesiredTasks: number;
  /** Slots that budgets let the fleet use; undefined where there are none. */
  readonly budgetSlots?: number;
}

/** Percent of the desired tasks' slots that are needed. Handed in, since what scaling means by it is scaling's business. */
export type SlotDemand = (input: SlotDemandInput) => number;

export interface QueueView {
  readonly backlog: Backlog;
  readonly fleet: Fleet;
  readonly status: WorkerStatus;
  /** Busy slots of this task, the mean of the last interval. */
  readonly busyMean: number;
  /** Undefined before two readings of the queue. */
  readonly arrivalsPerSecond: number | undefined;
  readonly meanAgentSeconds: number;
  readonly targetDelaySeconds: number;
  readonly drainBacklogSeconds: number;
  readonly slotDemand: SlotDemand;
}

/** The metrics of the whole queue, as one task sees it. What needs arrivals is left out while they aren't known. */
export function queueMetrics(view: QueueView): Metric[] {
  const { backlog, fleet, status, arrivalsPerSecond, meanAgentSeconds } = view;
  const messages = backlog.visible + backlog.inFlight + backlog.delayed;
  const gauge = (name: string, unit: Metric["unit"], value: number, resolution: Metric["resolution"]): Metric => ({
    name,
    unit,
    values: [value],
    counts: [1],
    resolution,
  });
  const metrics = [
    ...(status.budgets ?? []).map(({ name: budget, usedShare }) => ({
      ...gauge("BudgetUsedShare", "Percent", 100 * usedShare, 60),
      budget,
    })),
    gauge("BacklogMessages", "Count", messages, 1),
    gauge("BacklogPerTask", "Count", messages / fleet.desired, 1),
    gauge("QueueDelaySeconds", "Seconds", backlog.visible * secondsEach(view), 60),
  ];
  if (arrivalsPerSecond === undefined) return metrics;
  const demand = view.slotDemand({
    busySlots: busySlots(view),
    arrivalsPerSecond,
    meanAgentSeconds,
    visible: backlog.visible,
    delayed: backlog.delayed,
    targetDelaySeconds: view.targetDelaySeconds,
    drainBacklogSeconds: view.drainBacklogSeconds,
    slotsOfDesiredTasks: status.slots * fleet.desired,
    ...budgetSlotsOf(view),
  });
  return [gauge("SlotDemand", "Percent", demand, 1), ...metrics];
}

/** From one start to the next in the whole fleet: as its slots allow it, and as budgets do. */
function secondsEach({ status: { slots, budgetLimits }, fleet, meanAgentSeconds }: QueueView): number {
  const bySlots = meanAgentSeconds / (slots * fleet.running);
  if (!budgetLimits) return bySlots;
  return Math.max(bySlots, 1 / budgetLimits.startsPerSecond, meanAgentSeconds / budgetLimits.atOnce);
}

/** How many slots the runs fill that budgets let begin. */
function budgetSlotsOf({ status: { budgetLimits }, meanAgentSeconds }: QueueView): { budgetSlots?: number } {
  if (!budgetLimits) return {};
  const { startsPerSecond, atOnce } = budgetLimits;
  const budgetSlots = Math.min(atOnce, startsPerSecond * meanAgentSeconds);
  // Infinite times nought, or no bound at all.
  return Number.isFinite(budgetSlots) ? { budgetSlots } : {};
}

/**
 * Busy slots of the fleet. Where every task publishes, each tells its own times the number of tasks, and their mean is
 * exact. Of a large fleet one task's slots are a poor sample: there the messages in flight count, less those that a
 * task holds without an agent.
 */
function busySlots({ backlog, fleet, status, busyMean }: QueueView): number {
  const slots = status.slots * fleet.running;
  if (fleet.running <= PUBLISHERS) return Math.min(slots, busyMean * fleet.running);
  return Math.min(slots, Math.max(0, backlog.inFlight - (status.buffered + status.settling) * fleet.running));
}
