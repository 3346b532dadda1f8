import type { Metrics } from "./metric-series.js";
import type { Random } from "./random.js";
import { SLOT_DEMAND_MAX_PERCENT, slotDemand } from "./slot-demand.js";

/** Publications of the whole fleet in one interval, however many tasks run. */
const PUBLISHERS = 5;

export interface PublisherOptions {
  /** METRICS_INTERVAL_SECONDS. */
  readonly intervalSeconds: number;
  readonly targetDelaySeconds: number;
  readonly drainBacklogSeconds: number;
  /** Slots of one task. */
  readonly slots: number;
  /** Mean agent time that a worker measures once its first agents have ended. */
  readonly agentSeconds: number;
  /** That measurement is wrong by this factor. */
  readonly agentTimeError: number;
  /** Coefficient of variation of the queue's counts. */
  readonly countNoise: number;
  /** Share of publications that never arrive. */
  readonly missingShare: number;
  /** A publisher knows the desired count of this long ago. */
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
  readonly anyEnded: boolean;
}

/**
 * The workers' side of the metrics: about five samples an interval, each made of what one worker sees. All of them
 * are taken at the same moment of the clock, just before an alarm's period ends, so that none mixes the time before
 * a scale-out with the time after it. At zero tasks the queue keeper publishes instead, once an interval.
 */
export class Publisher {
  /** One entry a second; only the last few are kept. */
  private readonly past: Observation[] = [];
  private moments: number[] = [];

  constructor(
    private readonly metrics: Metrics,
    private readonly random: Random,
    private readonly options: PublisherOptions,
  ) {}

  /** Called once a second, at the end of second `now`. */
  tick(now: number, seen: Observation): void {
    const { intervalSeconds, missingShare, desiredLagSeconds } = this.options;
    this.past.unshift(seen);
    this.past.length = Math.min(this.past.length, Math.max(intervalSeconds, desiredLagSeconds) + 1);
    if (now % intervalSeconds === 0) {
      const publishers = Math.min(PUBLISHERS, Math.max(1, seen.runningTasks));
      const last = intervalSeconds - Math.max(1, this.options.leadSeconds) - 1;
      this.moments = Array.from({ length: publishers }, () =>
        Math.max(0, last - this.random.below(this.options.jitterSeconds + 1)),
      );
    }
    for (const moment of this.moments) {
      if (now % intervalSeconds === moment && this.random.uniform() >= missingShare) this.publish(now);
    }
    if (now % SQS_PERIOD_SECONDS === 0) this.publishForSqs(now, seen);
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
    const seen = this.past[0]!;
    const meanAgentSeconds = seen.anyEnded ? options.agentSeconds * options.agentTimeError : 0;
    const earlier = this.past.at(-1)!;
    const elapsed = Math.max(1, this.past.length - 1);
    const grown = visible + inFlight - this.noisy(earlier.visible) - this.noisy(earlier.busySlots);
    const settled = meanAgentSeconds === 0 ? 0 : inFlight / meanAgentSeconds;
    return slotDemand({
      busySlots: inFlight,
      arrivalsPerSecond: Math.max(0, grown / elapsed + settled),
      meanAgentSeconds,
      visible,
      targetDelaySeconds: options.targetDelaySeconds,
      drainBacklogSeconds: options.drainBacklogSeconds,
      slotsOfDesiredTasks: desiredTasks * options.slots,
    });
  }

  private publishForSqs(now: number, seen: Observation): void {
    this.metrics.put("ApproximateNumberOfMessagesVisible", now, seen.visible);
    if (seen.runningTasks > 0)
      this.metrics.put("CopilotBacklogPerTask", now, Math.ceil(seen.visible / seen.runningTasks));
  }

  private noisy(count: number): number {
    const { countNoise } = this.options;
    return countNoise === 0 ? count : Math.max(0, count * (1 + countNoise * this.random.normal()));
  }
}

/** CloudWatch gets a queue's own metrics once a minute. */
const SQS_PERIOD_SECONDS = 60;
