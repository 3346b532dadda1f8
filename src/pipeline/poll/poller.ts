import { fullJitter } from "../ports/backoff.js";
import { type Clock, sleep } from "../ports/clock.js";
import { withDeadline } from "../ports/deadline.js";
import { type Queue, QueueError, type ReceivedMessage } from "../ports/queue.js";
import type { Telemetry } from "../ports/telemetry.js";
import { LastingRefusal } from "./lasting-refusal.js";
import type { Demand } from "./room.js";

export interface PollerOptions {
  readonly queue: Pick<Queue, "receive">;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Most messages in one receive. */
  readonly maxMessages: number;
  readonly waitSeconds: number;
  readonly demand: () => Demand;
  /** Takes what a receive brought, also after `stop`; `askedAt` and `answeredAt` are monotonic milliseconds. */
  readonly accept: (messages: readonly ReceivedMessage[], askedAt: number, answeredAt: number) => void;
  /** Told once when no receive can succeed any more. Polling has ended then. */
  readonly onFatal: (error: QueueError) => void;
}

/** Polls that may be open at once: ten round trips of ten messages keep the fastest of agents fed. */
const POLLS_MAX = 10;
/** How long a receive may take beyond its wait before it is given up. */
const DEADLINE_EXTRA_MS = 5_000;
const BACKOFF_MS = { base: 500, max: 20_000 };
/** After an empty answer where the long poll is switched off, or wasn't one: a server that doesn't wait is asked no faster. */
const SHORT_POLL_PAUSE_MS = 200;

/**
 * Fetches what the dispatcher has room for.
 * 1. An idle queue costs one open long poll. A full answer opens one more, an empty one leaves one.
 * 2. Each receive asks for what will fit, in tens where that is possible, and is tried once; a failure backs all off.
 * 3. `stop` opens no further poll and resolves when the open ones have ended; what they bring is handed on.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #stopping = new AbortController();
  readonly #cut = new AbortController();
  readonly #refusal: LastingRefusal;
  #open = 0;
  #asked = 0;
  #lastAskedAt = 0;
  #wanted = 1;
  #failures = 0;
  #cause: string | undefined;
  #pausedUntil = 0;
  #started = false;
  #lastAnswerAt: number | undefined;
  #whenClosed: (() => void)[] = [];

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#refusal = new LastingRefusal(options.clock, false);
  }

  /** Polls that wait for their answer. */
  get open(): number {
    return this.#open;
  }

  /** Milliseconds until the last of the open polls has ended, unless its answer is late. */
  get endsInMs(): number {
    if (this.#open === 0) return 0;
    const { clock, waitSeconds } = this.#options;
    return Math.max(0, this.#lastAskedAt + waitSeconds * 1000 - clock.monotonic());
  }

  /** Receives that failed since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Monotonic milliseconds of the last answered receive. */
  get lastAnswerAt(): number | undefined {
    return this.#lastAnswerAt;
  }

  start(): void {
    if (this.#started || this.#stopping.signal.aborted) return;
    this.#started = true;
    this.pollIfWanted();
  }

  /** Opens as many polls as the room is worth; to be called whenever there may be more of it. */
  pollIfWanted(): void {
    if (!this.#started) return;
    while (this.#open < this.#wanted && this.#pausedUntil === 0 && !this.#stopping.signal.aborted) {
      const { room, idleSlots, step } = this.#options.demand();
      const free = room - this.#asked;
      const worthwhile = free >= Math.min(step, this.#options.maxMessages) || idleSlots - this.#asked > 0;
      if (free <= 0 || !worthwhile) return;
      void this.#poll(Math.min(this.#options.maxMessages, free));
    }
  }

  /** Resolves when the last open poll has ended. Harmless when repeated or before `start`. */
  stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenClosed.push(resolve));
  }

  /** Ends the open polls at once. Messages on their way stay hidden until their visibility timeout ends. */
  cut(): void {
    this.#cut.abort(new QueueError("deadline", "the drain's budget was used up"));
  }

  async #poll(count: number): Promise<void> {
    const { queue, clock, telemetry, waitSeconds, accept } = this.#options;
    this.#open++;
    this.#asked += count;
    const askedAt = clock.monotonic();
    this.#lastAskedAt = askedAt;
    const deadlineMs = waitSeconds * 1000 + DEADLINE_EXTRA_MS;
    let fatal: QueueError | undefined;
    try {
      const messages = await withDeadline(clock, deadlineMs, this.#cut.signal, (signal) =>
        queue.receive(count, waitSeconds, signal),
      );
      const answeredAt = clock.monotonic();
      this.#asked -= count;
      this.#refusal.permitted();
      this.#recovered();
      this.#lastAnswerAt = answeredAt;
      telemetry({ kind: "received", count: messages.length, asked: count, elapsedMs: answeredAt - askedAt });
      if (messages.length > 0) {
        accept(messages, askedAt, answeredAt);
        // The agents start before the next request is made and signed.
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (messages.length >= count) this.#wanted = Math.min(POLLS_MAX, this.#open + 1);
      else if (messages.length === 0) this.#wanted = 1;
      const waited = waitSeconds > 0 && answeredAt - askedAt >= SHORT_POLL_PAUSE_MS;
      if (messages.length === 0 && !waited) await sleep(clock, SHORT_POLL_PAUSE_MS, this.#stopping.signal);
    } catch (error) {
      this.#asked -= count;
      if (error instanceof QueueError && error.kind === "fatal" && this.#refusal.refused()) fatal = error;
      this.#failed(error, fatal !== undefined);
    } finally {
      this.#open--;
    }
    if (fatal && !this.#stopping.signal.aborted) {
      this.#stopping.abort();
      this.#options.onFatal(fatal);
    }
    this.pollIfWanted();
    if (this.#open === 0 && this.#stopping.signal.aborted) for (const resolve of this.#whenClosed.splice(0)) resolve();
  }

  #recovered(): void {
    if (this.#failures === 0) return;
    this.#options.telemetry({ kind: "receiveRecovered", failures: this.#failures });
    this.#failures = 0;
    this.#cause = undefined;
  }

  #failed(error: unknown, isFatal: boolean): void {
    if (this.#stopping.signal.aborted) return;
    const { clock, telemetry } = this.#options;
    this.#failures++;
    this.#wanted = 1;
    const retryInMs = fullJitter(BACKOFF_MS, this.#failures);
    const cause = error instanceof QueueError ? error.kind : "unexpected";
    telemetry({
      kind: "receiveFailed",
      cause,
      error,
      failures: this.#failures,
      ...(isFatal ? undefined : { retryInMs }),
      changed: isFatal || cause !== this.#cause,
    });
    this.#cause = cause;
    if (isFatal) return;
    const until = clock.monotonic() + retryInMs;
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
    void sleep(clock, retryInMs, this.#stopping.signal).then(() => {
      if (this.#pausedUntil > until) return;
      this.#pausedUntil = 0;
      this.pollIfWanted();
    });
  }
}
