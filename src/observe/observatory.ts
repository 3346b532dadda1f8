import type { Clock } from "../pipeline/ports/clock.js";
import type { CountedQueue, FleetSize, MetricsSink } from "../pipeline/ports/metrics.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import { fanOut, type Telemetry } from "../pipeline/ports/telemetry.js";
import { Counters } from "./counters.js";
import { FactLog } from "./fact-log.js";
import { FleetEstimate } from "./fleet-estimate.js";
import { FleetWatch } from "./fleet-watch.js";
import type { Logger } from "./log.js";
import { LogOutput } from "./log-output.js";
import { PrometheusPage } from "./prometheus.js";
import { MetricsPublisher, type PublisherParts } from "./publisher.js";
import type { SlotDemand } from "./queue-metrics.js";
import { QueueWatch, type QueueWatchParts } from "./queue-watch.js";
import { Summary } from "./summary.js";

/** What the flush at the end may take: lost telemetry is a smaller harm than a late exit. */
const FLUSH_WITHIN_MS = 2_000;
/** What the log's last lines may take for a reader that is slow. */
const LOG_WITHIN_MS = 500;

export interface ObservatoryParts {
  readonly queueName: string;
  /** Called often, and cheap. */
  readonly status: () => WorkerStatus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Spans of traces that were lost so far. */
  readonly droppedSpans?: (() => number) | undefined;
  /** Where the logger writes to; stdout unless given. */
  readonly output?: LogOutput;
  /** Where metrics are published to; unset: nowhere. */
  readonly publishing?:
    | undefined
    | {
        readonly settings: PublisherParts["settings"] & QueueWatchParts["settings"];
        readonly sink: MetricsSink;
        readonly queue: CountedQueue;
        /** Unset: the fleet is estimated from the messages in flight. */
        readonly fleet?: FleetSize | undefined;
        readonly slotDemand: SlotDemand;
      };
  /** Who shares something with the fleet, and is to be told its size. */
  readonly sharing?:
    | undefined
    | {
        readonly queue: CountedQueue;
        readonly fleet?: FleetSize | undefined;
        readonly onTasks: (tasks: number, isGuess: boolean) => void;
      };
  /** Uniform in [0, 1); `Math.random` unless given. */
  readonly random?: () => number;
}

/**
 * Everything that watches a worker, behind its listeners: counters, log lines, the summary, `/metrics`, and the
 * publisher. Nothing here is waited for by a message.
 */
export class Observatory {
  readonly counters: Counters;
  readonly metricsPage: PrometheusPage;
  /** Who is to hear each fact, each by itself. */
  readonly listeners: readonly Telemetry[];
  /** All of them. */
  readonly telemetry: Telemetry;
  readonly #summary: Summary;
  readonly #output: LogOutput;
  readonly #publisher: MetricsPublisher | undefined;
  readonly #watch: QueueWatch | undefined;
  readonly #fleetWatch: FleetWatch | undefined;

  constructor(parts: ObservatoryParts) {
    const { queueName, status, clock, logger, publishing, random = Math.random, output = LogOutput.stdout } = parts;
    const { droppedSpans } = parts;
    const counters = new Counters(clock);
    const log = new FactLog(logger, clock);
    const lostLines = () => log.suppressed + output.dropped;
    this.#output = output;
    this.counters = counters;
    this.listeners = [counters.record, log.record];
    this.telemetry = fanOut(this.listeners);
    this.metricsPage = new PrometheusPage({ counters, status, queueName, lostLines, droppedSpans });
    this.#summary = new Summary({ logger, counters, status, clock, lostLines });
    const fleet = new FleetEstimate({ fleet: publishing?.fleet ?? parts.sharing?.fleet, clock, random });
    this.#fleetWatch =
      parts.sharing &&
      new FleetWatch({ ...parts.sharing, estimate: fleet, status, clock, kept: publishing !== undefined });
    if (!publishing) return;
    const watch = new QueueWatch({ ...publishing, fleet, counters, status, clock, random });
    const { telemetry } = this;
    this.#watch = watch;
    this.#publisher = new MetricsPublisher({
      ...publishing,
      queueName,
      counters,
      status,
      watch,
      clock,
      telemetry,
      random,
    });
  }

  /** Tasks that work on the queue, as far as is known; 1 where nobody looks. */
  get tasks(): number {
    return this.#watch?.tasks ?? 1;
  }

  /** Begins the summary lines and the publications. Harmless twice. */
  start(): void {
    this.#summary.start();
    this.#publisher?.start();
    this.#fleetWatch?.start();
  }

  /** Publishes and logs what is left, within two and a half seconds at worst. Never rejects. */
  async stop(): Promise<void> {
    this.#fleetWatch?.stop();
    await this.#publisher?.stop(FLUSH_WITHIN_MS);
    this.#summary.stop();
    await this.#output.drain(LOG_WITHIN_MS);
  }
}
