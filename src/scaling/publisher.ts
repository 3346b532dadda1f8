import type { Metrics } from "./metric-series.js";
import type { Random } from "./random.js";
import { SLOT_DEMAND_MAX_PERCENT, slotDemand } from "./slot-demand.js";
import type { BudgetLimits } from "./start-gate.js";

/** Publications of the whole fleet in one interval, on average, however many tasks run. */
const PUBLISHERS = 5;

/** Where every task publishes, each smooths the arrivals that it sees over ten seconds: the share of the new reading. */
const SMALL_FLEET_WEIGHT = 1 - Math.exp(-1);

/** CloudWatch gets a queue's own metrics once a minute. */
const SQS_PERIOD_SECONDS = 60;

export interface PublisherOptions {
  /** METRICS_INTERVAL_SECONDS. */
  readonly intervalSeconds: number;
  /** TARGET_DELAY_SECONDS. */
  readonly targetDelaySeconds: number;
  /** DRAIN_BACKLOG_SECONDS. */
  readonly drainBacklogSeconds: number;
  /** Slots of one task. */
  readonly slots: number;
  /** Mean agent time that a worker measures once its first agents have ended. */
  readonly agentSeconds: number;
  /** What a budget lets the fleet do; undefined: there is none. */
  readonly budget?: BudgetLimits | undefined;
  /** That measurement is wrong by this factor. */
  readonly agentTimeError: number;
  /** Coefficient of variation of the queue's counts. */
  readonly countNoise: number;
  /** Share of publications that never arrive. */
  readonly missingShare: number;
  /** A publisher knows the desired count of so long ago. */
  readonly desiredLagSeconds: number;
  /** Workers publish so long before the end of each interval of the clock... */
  readonly leadSeconds: number;
  /** ...or up to this much earlier, each by chance. */
  readonly jitterSeconds: number;
}

/** What can be seen from outside at one second. */
export interface Observation {
  readonly visible: number;
  readonly busySlots: number;
  readonly desiredTasks: number;
  readonly runningTasks: number;
  /** Whether an agent has ended yet. */
  readonly anyEnded: boolean;
}

/**
 * The workers' side of the metrics: about five samples an interval, each made of what one worker sees. All of them
 * are taken at the same moment of the clock, just before an alarm's period ends, so that none mixes the time before
 * a scale-out with the time after it. At zero tasks the queue keeper publishes instead, once an interval.
 */
export class Publisher {
  /** One entry a second, the newest first; only the last few are kept. */
  private readonly past: Observation[] = [];
  private moments: number[] = [];
  private smoothed: number | undefined;
  /** Seconds for which every slot has been busy. */
  private busySeconds = 0;

  constructor(
    private readonly metrics: Metrics,
    private readonly random: Random,
    private readonly options: PublisherOptions,
  ) {}

  /** Called once a second, at the end of second `now`. */
  tick(now: number, seen: Observation): void {
    const { intervalSeconds, missingShare, desiredLagSeconds, slots } = this.options;
    this.past.unshift(seen);
    this.past.length = Math.min(this.past.length, Math.max(intervalSeconds, desiredLagSeconds) + 1);
    this.busySeconds = seen.busySlots > 0 && seen.busySlots >= seen.runningTasks * slots ? this.busySeconds + 1 : 0;
    if (now % intervalSeconds === 0) this.draw(seen.runningTasks);
    for (const moment of this.moments) {
      if (now % intervalSeconds === moment && this.random.uniform() >= missingShare) this.publish(now);
    }
    this.metrics.put("QueueMessages", now, this.noisy(seen.visible) + this.noisy(seen.busySlots));
    if (now % SQS_PERIOD_SECONDS === 0) this.publishForSqs(now, seen);
  }

  /** Draws who publishes in this interval, and when. */
  private draw(tasks: number): void {
    const { intervalSeconds, leadSeconds, jitterSeconds } = this.options;
    const last = Math.max(0, intervalSeconds - leadSeconds - 1);
    const publishers = tasks <= PUBLISHERS ? Math.max(1, tasks) : this.drawn();
    this.moments = Array.from({ length: publishers }, () => Math.max(0, last - this.random.below(jitterSeconds + 1)));
  }

  /** Each task of a large fleet draws by itself: a Poisson number. */
  private drawn(): number {
    let count = -1;
    for (let sum = 0; sum < PUBLISHERS; count++) sum += this.random.exponential();
    return count;
  }

  private publish(now: number): void {
    const seen = this.past[0]!;
    const visible = this.noisy(seen.visible);
    const inFlight = this.noisy(seen.busySlots);
    const { desiredTasks } = this.past[Math.min(this.options.desiredLagSeconds, this.past.length - 1)]!;
    this.metrics.put("BacklogMessages", now, visible + inFlight);
    this.metrics.put("BacklogPerTask", now, (visible + inFlight) / Math.max(1, desiredTasks));
    this.metrics.put("SlotDemand", now, this.demand(visible, inFlight, desiredTasks));
  }

  private demand(visible: number, inFlight: number, desiredTasks: number): number {
    const { options } = this;
    if (desiredTasks === 0) return visible + inFlight > 0 ? SLOT_DEMAND_MAX_PERCENT : 0;
    // Before the first agent has ended, the time for which all slots have been busy is a lower bound.
    const meanAgentSeconds = this.past[0]!.anyEnded ? options.agentSeconds * options.agentTimeError : this.busySeconds;
    return slotDemand({
      busySlots: inFlight,
      arrivalsPerSecond: this.arrivals(visible, inFlight, meanAgentSeconds),
      meanAgentSeconds,
      visible,
      targetDelaySeconds: options.targetDelaySeconds,
      drainBacklogSeconds: options.drainBacklogSeconds,
      slotsOfDesiredTasks: desiredTasks * options.slots,
      ...(options.budget && {
        budgetSlots: Math.min(options.budget.atOnce, options.budget.startsPerSecond * meanAgentSeconds),
      }),
    });
  }

  /** What the queue gained since the publisher's last reading plus what was settled meanwhile. */
  private arrivals(visible: number, inFlight: number, meanAgentSeconds: number): number {
    const elapsed = Math.min(this.options.intervalSeconds, this.past.length - 1);
    const earlier = this.past[elapsed]!;
    const grown = visible + inFlight - this.noisy(earlier.visible) - this.noisy(earlier.busySlots);
    const settled = meanAgentSeconds === 0 ? 0 : inFlight / meanAgentSeconds;
    const rate = grown / Math.max(1, elapsed) + settled;
    // In a larger fleet nobody publishes often enough to have a reading worth smoothing with.
    const small = this.past[0]!.runningTasks <= PUBLISHERS;
    this.smoothed =
      small && this.smoothed !== undefined ? this.smoothed + SMALL_FLEET_WEIGHT * (rate - this.smoothed) : rate;
    return Math.max(0, this.smoothed);
  }

  private publishForSqs(now: number, seen: Observation): void {
    const { visible, runningTasks } = seen;
    this.metrics.put("ApproximateNumberOfMessagesVisible", now, visible);
    if (runningTasks > 0) this.metrics.put("CopilotBacklogPerTask", now, Math.ceil(visible / runningTasks));
  }

  private noisy(count: number): number {
    const { countNoise } = this.options;
    return countNoise === 0 ? count : Math.max(0, count * (1 + countNoise * this.random.normal()));
  }
}
