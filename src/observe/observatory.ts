import type { Clock } from "../pipeline/clock.js";
import type { WorkerStatus } from "../pipeline/status.js";
import { fanOut, type Telemetry } from "../pipeline/telemetry.js";
import { Counters } from "./counters.js";
import { FactLog } from "./fact-log.js";
import type { Logger } from "./log.js";
import { Summary } from "./summary.js";

export interface ObservatoryParts {
  readonly status: () => WorkerStatus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Everything that watches a worker, behind one listener. */
export class Observatory {
  readonly counters: Counters;
  /** Where the stages report to. */
  readonly telemetry: Telemetry;
  readonly #summary: Summary;

  constructor({ status, clock, logger }: ObservatoryParts) {
    this.counters = new Counters(clock);
    const log = new FactLog(logger, clock);
    this.telemetry = fanOut([this.counters.record, log.record]);
    this.#summary = new Summary({ logger, counters: this.counters, status, clock, lostLines: () => log.suppressed });
  }

  start(): void {
    this.#summary.start();
  }

  async stop(): Promise<void> {
    this.#summary.stop();
  }
}
