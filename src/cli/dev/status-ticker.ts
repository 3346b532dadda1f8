import type { PairCounts } from "../../aws/sqs/queue-pair.js";
import type { StatusBlock } from "../../console/status-block.js";
import { type StatusView, statusLine, statusLines } from "../../console/status-lines.js";
import { Counters } from "../../observe/counters.js";
import { systemClock } from "../../pipeline/ports/clock.js";
import type { WorkerStatus } from "../../pipeline/ports/status.js";
import type { Telemetry } from "../../pipeline/ports/telemetry.js";

export interface StatusTickerParts {
  readonly screen: StatusBlock;
  readonly counts: () => Promise<PairCounts>;
  readonly status: () => WorkerStatus;
  /** Of a limited number of messages: how many there are, and how many are done. */
  readonly limit: number | undefined;
  readonly ended: () => number;
  /** Lines under the status on a terminal, for what would else scroll away. */
  readonly footer: readonly string[];
}

/** Often enough to look alive on a terminal. */
const REDRAW_MS = 250;
/** In a file or a pipe, where every status is a line. */
const LINE_MS = 3_000;

/** Shows the status again and again: in place on a terminal, as a line every few seconds anywhere else. */
export class StatusTicker {
  readonly #parts: StatusTickerParts;
  readonly #counters = new Counters(systemClock);
  /** Where the facts go; bound, so that it can be handed on as it is. */
  readonly record: Telemetry = (fact) => {
    // The time in queue is that of first deliveries: a message that was tried again waited for its back-off.
    const again = fact.kind === "started" && fact.delivery.receiveCount > 1;
    this.#counters.record(again ? { ...fact, inQueueMs: undefined } : fact);
  };
  #timer: NodeJS.Timeout | undefined;
  #ticking = Promise.resolve();
  #stopped = false;

  constructor(parts: StatusTickerParts) {
    this.#parts = parts;
  }

  start(): void {
    const { screen } = this.#parts;
    this.#timer = setInterval(
      () => {
        // One after another: a slow answer must not let statuses overtake each other.
        this.#ticking = this.#ticking.then(() => this.#tick(screen));
      },
      screen.isTerminal ? REDRAW_MS : LINE_MS,
    );
  }

  /** Takes the status off the screen; harmless twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#ticking;
    this.#parts.screen.show([]);
  }

  async #tick(screen: StatusBlock): Promise<void> {
    const counts = await this.#parts.counts().catch(() => undefined);
    if (this.#stopped) return;
    const view = this.#view(counts);
    const { footer } = this.#parts;
    if (screen.isTerminal)
      screen.show(["", ...statusLines(view, screen.paint), ...footer.map((line) => screen.paint("dim", line))]);
    else screen.print(statusLine(view));
  }

  #view(counts: PairCounts | undefined): StatusView {
    const { status, limit, ended } = this.#parts;
    const { settled, handledPerSecond, inQueueMs } = this.#counters.snapshot();
    return {
      worker: status(),
      waiting: counts?.queue.visible,
      deadLetters: counts?.deadLetters,
      handledPerSecond,
      inQueueMs,
      outcomes: settled,
      ...(limit !== undefined && { progress: { ended: ended() + (counts?.deadLetters ?? 0), of: limit } }),
    };
  }
}
