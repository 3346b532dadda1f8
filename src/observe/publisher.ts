import type { Clock, Timer } from "../pipeline/ports/clock.js";
import { untilAborted, withDeadline } from "../pipeline/ports/deadline.js";
import type { Metric, MetricsSink } from "../pipeline/ports/metrics.js";
import { QueueError } from "../pipeline/ports/queue.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import type { Counters } from "./counters.js";
import { happened, ownMetrics } from "./own-sums.js";
import type { QueueWatch } from "./queue-watch.js";
import { type Reading, readCounters } from "./reading.js";
import { OWN_SUMS_WAIT_MAX_MS, publishChance } from "./thinning.js";

/** With as much for the fleet's size and for the queue's counts, a tick stays below the shortest interval, 10 seconds. */
const TAKEN_WITHIN_MS = 3_000;
/** Sums that could not be published for so long go overboard: told that late they would mislead. */
const RETAINED_MAX_MS = 2 * OWN_SUMS_WAIT_MAX_MS;
/**
 * So long before a period of CloudWatch ends a publication is begun: what is told then is the latest that its alarm can
 * know, and no datapoint mixes samples from before and after an order (docs/decisions/022).
 */
const LEAD_MIN_MS = 1_000;
const LEAD_SPREAD_MS = 500;
/** The least wait for a tick, as a share of the interval: one that came a little early isn't followed by its double. */
const TICK_MIN_SHARE = 0.5;

export interface PublisherParts {
  readonly settings: { readonly metricsNamespace: string; readonly metricsIntervalSeconds: number };
  readonly queueName: string;
  readonly counters: Counters;
  readonly status: () => WorkerStatus;
  readonly watch: QueueWatch;
  readonly sink: MetricsSink;
  readonly clock: Clock;
  /** Told when metrics stop arriving and when they arrive again. */
  readonly telemetry: Telemetry;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Publishes the queue's metrics and this task's own sums.
 *
 * 1. In each interval about five tasks of the fleet publish, drawn by lot; `thinning.ts` has the arithmetic.
 * 2. The lot is drawn an interval ahead: who will publish reads the queue then as well, and arrivals are the difference.
 * 3. Sums that aren't published wait, and so nothing is lost or counted twice; at most 15 minutes, then they go alone.
 * 4. An exporter that is down costs its data and nothing else: what is held is one reading of the counters, however
 *    long it lasts, and every call has an outer deadline.
 */
export class MetricsPublisher {
  readonly #parts: PublisherParts;
  readonly #stopped = new AbortController();
  readonly #intervalMs: number;
  /** Where in each interval of the wall clock this task's tick lies: fixed, since CloudWatch's own periods are. */
  readonly #phaseMs: number;
  #timer: Timer;
  #running: Promise<void> | undefined;
  #drawn = false;
  #published: Reading;
  #failing = false;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#intervalMs = parts.settings.metricsIntervalSeconds * 1000;
    this.#phaseMs = this.#intervalMs - LEAD_MIN_MS - parts.random() * LEAD_SPREAD_MS;
    this.#published = this.#read();
  }

  /** Draws the first lot and ticks from then on. Calling it again, or after a stop, is harmless. */
  start(): void {
    if (this.#running || this.#stopped.signal.aborted) return;
    this.#running = this.#look(false).then(() => this.#tickLater());
  }

  /** Publishes this task's own sums and ends, within `ms` milliseconds. Never rejects. */
  async stop(ms: number): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    this.#parts.clock.clearTimer(this.#timer);
    this.#parts.watch.stop();
    await withDeadline(this.#parts.clock, ms, undefined, (signal) => untilAborted(this.#publishLast(ms), signal)).catch(
      () => {
        // The time is over; what has not arrived by now is lost telemetry only.
      },
    );
  }

  async #publishLast(ms: number): Promise<void> {
    await this.#running;
    const now = this.#read();
    if (happened(this.#published, now)) await this.#publish(ownMetrics(this.#published, now), now, ms);
  }

  #tickLater(): void {
    if (this.#stopped.signal.aborted) return;
    const { clock } = this.#parts;
    const since = (clock.wall() - this.#phaseMs) % this.#intervalMs;
    let ms = this.#intervalMs - ((since + this.#intervalMs) % this.#intervalMs);
    if (ms < this.#intervalMs * TICK_MIN_SHARE) ms += this.#intervalMs;
    this.#timer = clock.setTimer(() => {
      this.#running = this.#tick().then(() => this.#tickLater());
    }, ms);
  }

  /** One interval's work; never rejects. */
  async #tick(): Promise<void> {
    const publishes = this.#drawn && this.#parts.status().state === "running";
    const queue = await this.#look(publishes);
    const now = this.#read();
    if (publishes && queue) {
      await this.#publish([...queue, ...ownMetrics(this.#published, now)], now);
    } else if (now.at - this.#published.at > OWN_SUMS_WAIT_MAX_MS && happened(this.#published, now)) {
      await this.#publish(ownMetrics(this.#published, now), now);
    }
  }

  /** Draws the lot for the next tick, and reads the queue if this tick or the next publishes. */
  async #look(publishes: boolean): Promise<Metric[] | undefined> {
    const { watch, random } = this.#parts;
    const known = await watch.learnFleet(publishes, this.#stopped.signal);
    this.#drawn = random() < publishChance(watch.tasks);
    try {
      return publishes || this.#drawn || !known ? await watch.read(this.#stopped.signal) : undefined;
    } catch (error) {
      this.#tellFailure("the queue's counts can't be read", error);
      return undefined;
    } finally {
      if (this.#drawn && !this.#stopped.signal.aborted) watch.prepare();
    }
  }

  async #publish(metrics: Metric[], now: Reading, ms = TAKEN_WITHIN_MS): Promise<void> {
    const { clock, sink, settings, queueName } = this.#parts;
    const publication = { namespace: settings.metricsNamespace, queueName, at: clock.wall(), metrics };
    try {
      // A stop that comes now lets the call end: its own sums are on the way already.
      await withDeadline(clock, ms, undefined, (signal) => untilAborted(sink.publish(publication, signal), signal));
      this.#published = now;
      if (this.#failing) this.#parts.telemetry({ kind: "warning", text: "metrics are published again" });
      this.#failing = false;
    } catch (error) {
      this.#tellFailure("metrics can't be published", error);
      // Nobody knows whether they arrived, and a slow exporter that takes them each time would count them many times.
      const unanswered = error instanceof QueueError && error.kind === "deadline";
      if (unanswered || now.at - this.#published.at > RETAINED_MAX_MS) this.#published = now;
    }
  }

  #tellFailure(text: string, error: unknown): void {
    if (this.#failing || this.#stopped.signal.aborted) return;
    this.#failing = true;
    this.#parts.telemetry({ kind: "warning", text, error });
  }

  #read(): Reading {
    return readCounters(this.#parts.counters, this.#parts.clock.monotonic());
  }
}
