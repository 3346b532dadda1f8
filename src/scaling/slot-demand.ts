/** What one publisher knows of the fleet and its queue at one moment. Every number is finite and not below 0. */
export interface SlotDemandInput {
  /** Slots of the whole fleet with an agent in them. */
  readonly busySlots: number;
  /** Messages that producers send in a second: the change of the queue's counts plus what was settled. */
  readonly arrivalsPerSecond: number;
  /** Mean time of one agent; 0 while no agent has ended yet. */
  readonly meanAgentSeconds: number;
  /** Messages that wait on the queue: neither in flight nor delayed. */
  readonly visible: number;
  /** TARGET_DELAY_SECONDS: a backlog that arrived within this time is no backlog. */
  readonly targetDelaySeconds: number;
  /** DRAIN_BACKLOG_SECONDS, above 0: in what time the backlog beyond that is to be worked off. */
  readonly drainBacklogSeconds: number;
  /** Slots of a task × desired tasks. */
  readonly slotsOfDesiredTasks: number;
  /** Messages that the queue holds back for now: they need no slot yet, but the fleet must not go to sleep over them. */
  readonly delayed?: number;
  /** Slots that the budgets of what agents call let the fleet use; undefined: nothing bounds them. */
  readonly budgetSlots?: number;
}

/**
 * Highest value of the metric, percent: 1,000 times too few. It stands for "no slots at all", where no ratio exists,
 * and keeps one absurd sample from ordering a fleet that no sane load needs.
 */
export const SLOT_DEMAND_MAX_PERCENT = 100_000;

/**
 * The metric that scaling tracks: slots wanted over slots ordered, in percent, between 0 and SLOT_DEMAND_MAX_PERCENT.
 * 100 = just enough, 250 = two and a half times as many tasks are needed.
 *
 * Wanted is what arrives (Little's law) plus what works off the excess within the drain time, but never fewer than
 * are busy: scale-in must not outrun work in progress. What waits for a budget wants no slot: more tasks would wait as well. Arrivals count rather than the backlog alone, because a
 * backlog divided by the target delay orders several times too many tasks while the first ones are still starting.
 *
 * With no slots the answer is 0 if none are wanted and SLOT_DEMAND_MAX_PERCENT otherwise.
 * @throws RangeError naming the number that is negative or not finite.
 */
export function slotDemand(input: SlotDemandInput): number {
  for (const [name, value] of Object.entries(input)) {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`${name} must be finite and not below 0, got ${value}`);
    }
  }
  const wanted = Math.max(slotsWanted(input), input.delayed ? 1 : 0);
  if (wanted === 0) return 0;
  return Math.min((100 * wanted) / input.slotsOfDesiredTasks, SLOT_DEMAND_MAX_PERCENT);
}

/** Slots that the fleet should have at this moment; the numerator of the metric. */
export function slotsWanted(input: Omit<SlotDemandInput, "slotsOfDesiredTasks">): number {
  const { arrivalsPerSecond, meanAgentSeconds } = input;
  const excess = Math.max(0, input.visible - arrivalsPerSecond * input.targetDelaySeconds);
  const drain = excess === 0 ? 0 : excess / input.drainBacklogSeconds;
  const wanted = (arrivalsPerSecond + drain) * meanAgentSeconds;
  return Math.max(input.busySlots, Math.min(wanted, input.budgetSlots ?? Number.POSITIVE_INFINITY));
}
