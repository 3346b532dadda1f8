import type { Clock, Timer } from "../pipeline/ports/clock.js";
import { OUTCOME_KINDS } from "../pipeline/ports/outcome.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import { WITHOUT_RUN } from "../pipeline/ports/telemetry.js";
import type { Counters } from "./counters.js";
import { EVENTS } from "./events.js";
import type { Histogram } from "./histogram.js";
import type { Logger } from "./log.js";
import { type Reading, readCounters } from "./reading.js";
import type { Totals } from "./snapshot.js";

const INTERVAL_MS = 10_000;

const TROUBLES = [
  "uncertain",
  "deadLettered",
  "released",
  "retriedHere",
  "deferred",
  "receiveErrors",
  "settleErrors",
  "extendErrors",
  "leasesLost",
  "abortsIgnored",
  "crashes",
  "oddAnswers",
  "resultsDiscarded",
] as const satisfies (keyof Totals)[];

export interface SummaryParts {
  readonly logger: Logger;
  readonly counters: Counters;
  readonly status: () => WorkerStatus;
  readonly clock: Clock;
  /** Lines that were lost so far: by a blocked reader, by the limit on lines about messages. */
  readonly lostLines?: () => number;
}

/**
 * Logs one line every ten seconds that says what happened in them, and none when nothing did and nothing else is
 * held than before. It stands in for a line a message.
 */
export class Summary {
  readonly #parts: SummaryParts;
  #timer: Timer;
  #last: Reading & { readonly lostLines: number };
  #lastHeld = "";

  constructor(parts: SummaryParts) {
    this.#parts = parts;
    this.#last = this.#reading();
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#lastHeld = this.#held();
    const tick = () => {
      this.tell();
      this.#timer = this.#parts.clock.setTimer(tick, INTERVAL_MS);
    };
    this.#timer = this.#parts.clock.setTimer(tick, INTERVAL_MS);
  }

  /** Tells the rest and stops. */
  stop(): void {
    this.#parts.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.tell();
  }

  /** Logs what happened since the last line, if anything did. */
  tell(): void {
    const { logger, status } = this.#parts;
    const last = this.#last;
    const now = this.#reading();
    this.#last = now;
    const { state, slots, busy, buffered, breakerOpen } = status();
    const outcomes = OUTCOME_KINDS.map((kind) => [kind, now.totals.settled[kind] - last.totals.settled[kind]] as const);
    const handled = outcomes.reduce((sum, [, count]) => sum + count, 0);
    const troubles = [
      ...TROUBLES.map((name) => [name, now.totals[name] - last.totals[name]] as const),
      ["lostLines", now.lostLines - last.lostLines] as const,
    ].filter(([, count]) => count > 0);
    const withoutRun = WITHOUT_RUN.map(
      (cause) => [cause, now.totals.withoutRun[cause] - last.totals.withoutRun[cause]] as const,
    ).filter(([, count]) => count > 0);
    const held = this.#held();
    const started = now.totals.started - last.totals.started;
    if (handled === 0 && started === 0 && troubles.length === 0 && held === this.#lastHeld) return;
    this.#lastHeld = held;
    const inQueueMs = now.inQueueMs.since(last.inQueueMs);
    const agentMs = now.agentMs.since(last.agentMs);
    const fields = {
      state,
      slots,
      busy,
      buffered,
      handled,
      perSecond: rounded((handled * 1000) / Math.max(1, now.at - last.at)),
      outcomes: Object.fromEntries(outcomes.filter(([, count]) => count > 0)),
      ...(inQueueMs.count > 0 ? { inQueueMs: percentiles(inQueueMs) } : {}),
      ...(agentMs.count > 0 ? { agentMs: percentiles(agentMs) } : {}),
      ...Object.fromEntries(troubles),
      ...(withoutRun.length > 0 ? { withoutRun: Object.fromEntries(withoutRun) } : {}),
      ...(breakerOpen ? { breaker: "open" } : {}),
    };
    try {
      logger.info(fields, EVENTS.summary.text);
    } catch {
      // A log of the caller's own that throws: the facts' log has told of it, and a timer has nobody to throw to.
    }
  }

  #held(): string {
    const { busy, buffered, settling } = this.#parts.status();
    return `${busy} ${buffered} ${settling}`;
  }

  #reading() {
    const { counters, clock, lostLines } = this.#parts;
    return { ...readCounters(counters, clock.monotonic()), lostLines: lostLines?.() ?? 0 };
  }
}

function percentiles(histogram: Histogram): Record<string, number> {
  return { p50: rounded(histogram.quantile(0.5)), p99: rounded(histogram.quantile(0.99)) };
}

const rounded = (value: number) => Math.round(value * 10) / 10;
