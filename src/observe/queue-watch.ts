import type { Clock } from "../pipeline/ports/clock.js";
import { untilAborted, withDeadline } from "../pipeline/ports/deadline.js";
import type { CountedQueue, Metric } from "../pipeline/ports/metrics.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import { Arrivals } from "./arrivals.js";
import { BusyMean } from "./busy-mean.js";
import type { Counters } from "./counters.js";
import type { FleetEstimate } from "./fleet-estimate.js";
import { queueMetrics, type SlotDemand } from "./queue-metrics.js";

const ANSWER_WITHIN_MS = 3_000;

export interface QueueWatchParts {
  readonly settings: { readonly targetDelaySeconds: number; readonly drainBacklogSeconds: number };
  readonly queue: CountedQueue;
  readonly fleet: FleetEstimate;
  readonly counters: Counters;
  readonly status: () => WorkerStatus;
  readonly slotDemand: SlotDemand;
  readonly clock: Clock;
  readonly random: () => number;
}

/** One task's view of the whole queue: who works on it, what waits on it, and what comes to it. */
export class QueueWatch {
  readonly #parts: QueueWatchParts;
  readonly #arrivals = new Arrivals();
  readonly #busyMean: BusyMean;
  /** Monotonic milliseconds at which a slot was last seen free. */
  #busySince: number;

  constructor(parts: QueueWatchParts) {
    const { status, clock, random } = parts;
    this.#parts = parts;
    this.#busyMean = new BusyMean({ busy: () => status().busy, clock, random });
    this.#busySince = clock.monotonic();
  }

  /** Tasks that run, as far as is known. */
  get tasks(): number {
    return this.#parts.fleet.current.running;
  }

  /** Learns the fleet's size, where that is due or it must be `fresh`. False: only reading the queue can tell. */
  async learnFleet(fresh: boolean, stop: AbortSignal): Promise<boolean> {
    const { fleet, status, clock } = this.#parts;
    const { busy, buffered, settling, slots } = status();
    fleet.sawOwn(busy + buffered + settling);
    if (busy < slots) this.#busySince = clock.monotonic();
    return fresh || fleet.due ? fleet.ask(stop) : true;
  }

  /** Begins what the next `read` looks back at. */
  prepare(): void {
    this.#busyMean.start();
  }

  /** Reads the queue: one call. The metrics are of this moment. Rejects when there is no answer. */
  async read(stop: AbortSignal): Promise<Metric[]> {
    const { queue, fleet, counters, status, slotDemand, settings, clock } = this.#parts;
    const backlog = await withDeadline(clock, ANSWER_WITHIN_MS, stop, (signal) =>
      untilAborted(queue.counts(signal), signal),
    );
    fleet.sawQueue(backlog);
    const reading = {
      at: clock.monotonic(),
      onQueue: backlog.visible + backlog.inFlight + backlog.delayed,
      ownGone: counters.totals.gone,
    };
    return queueMetrics({
      backlog,
      fleet: fleet.current,
      status: status(),
      busyMean: this.#busyMean.take(),
      arrivalsPerSecond: this.#arrivals.observe(reading, fleet.current.running),
      meanAgentSeconds: this.#meanAgentSeconds(),
      slotDemand,
      targetDelaySeconds: settings.targetDelaySeconds,
      drainBacklogSeconds: settings.drainBacklogSeconds,
    });
  }

  /** Leaves no timer. */
  stop(): void {
    this.#busyMean.take();
  }

  /** Before the first agent has ended, the time that all slots have been busy is a lower bound: better than nought. */
  #meanAgentSeconds(): number {
    const { status, clock } = this.#parts;
    return status().meanAgentSeconds || (clock.monotonic() - this.#busySince) / 1000;
  }
}
