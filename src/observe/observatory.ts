import type { Clock } from "../pipeline/clock.js";
import type { CountedQueue, FleetSize, MetricsSink } from "../pipeline/metrics.js";
import type { WorkerStatus } from "../pipeline/status.js";
import { fanOut, type Telemetry } from "../pipeline/telemetry.js";
import { Counters } from "./counters.js";
import { FactLog } from "./fact-log.js";
import { FleetEstimate } from "./fleet-estimate.js";
import type { Logger } from "./log.js";
import { PrometheusPage } from "./prometheus.js";
import { MetricsPublisher, type PublisherSettings } from "./publisher.js";
import type { SlotDemand } from "./queue-metrics.js";
import { Summary } from "./summary.js";

/** What the flush at the end may take: lost telemetry is a smaller harm than a late exit. */
const FLUSH_WITHIN_MS = 2_000;

export interface ObservatoryParts {
  readonly queueName: string;
  /** Called often, and cheap. */
  readonly status: () => WorkerStatus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lines that the log's output has dropped. */
  readonly droppedLines?: () => number;
  /** Where metrics are published to; unset: nowhere. */
  readonly publishing?:
    | undefined
    | {
        readonly settings: PublisherSettings;
        readonly sink: MetricsSink;
        readonly queue: CountedQueue;
        /** Unset: the fleet is estimated from the messages in flight. */
        readonly fleet?: FleetSize | undefined;
        readonly slotDemand: SlotDemand;
      };
  /** Uniform in [0, 1); `Math.random` unless given. */
  readonly random?: () => number;
}

/**
 * Everything that watches a worker, behind one listener: counters, log lines, the summary, `/metrics`, and the
 * publisher. Nothing here is waited for by a message.
 */
export class Observatory {
  readonly counters: Counters;
  readonly metricsPage: PrometheusPage;
  /** Where the stages report to. */
  readonly telemetry: Telemetry;
  readonly #summary: Summary;
  readonly #publisher: MetricsPublisher | undefined;

  constructor(parts: ObservatoryParts) {
    const { queueName, status, clock, logger, publishing, random = Math.random } = parts;
    const counters = new Counters(clock);
    const log = new FactLog(logger, clock);
    const lostLines = () => log.suppressed + (parts.droppedLines?.() ?? 0);
    this.counters = counters;
    this.telemetry = fanOut([counters.record, log.record]);
    this.metricsPage = new PrometheusPage({ counters, status, queueName, lostLines });
    this.#summary = new Summary({ logger, counters, status, clock, lostLines });
    this.#publisher =
      publishing &&
      new MetricsPublisher({
        ...publishing,
        fleet: new FleetEstimate({ fleet: publishing.fleet, clock, random }),
        queueName,
        counters,
        status,
        clock,
        telemetry: this.telemetry,
        random,
      });
  }

  /** Begins the summary lines and the publications. Harmless twice. */
  start(): void {
    this.#summary.start();
    this.#publisher?.start();
  }

  /** Publishes and logs what is left, within two seconds. Never rejects. */
  async stop(): Promise<void> {
    await this.#publisher?.stop(FLUSH_WITHIN_MS);
    this.#summary.stop();
  }
}
