import type { Clock, Timer } from "./clock.js";
import type { Delivery } from "./delivery.js";
import type { Run } from "./handler.js";
import type { AbortCause } from "./outcome.js";
import { VISIBILITY_MAX_SECONDS } from "./queue.js";
import type { Telemetry } from "./telemetry.js";

/** The reason of an aborted `context.signal`; `cause` says which of the three it was. */
export class RunAborted extends Error {
  override readonly name = "AbortError";
  override readonly cause: AbortCause;
  constructor(cause: AbortCause, detail: string) {
    super(detail);
    this.cause = cause;
  }
}

/** @throws RangeError unless an agent may ask for so many more seconds: 1 to 43,200. */
export function checkExtension(seconds: number): void {
  if (seconds >= 1 && seconds <= VISIBILITY_MAX_SECONDS) return;
  throw new RangeError(`extend takes between 1 and ${VISIBILITY_MAX_SECONDS} seconds, got ${seconds}`);
}

export interface RunControlOptions {
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly timeoutSeconds: number;
}

/** An agent that doesn't end after its abort is told of again this often. */
const ABORT_IGNORED_MS = 10_000;

/** What holds one run in bounds: its deadline, its abort, and what the agent may ask for meanwhile. */
export class RunControl implements Run {
  readonly #options: RunControlOptions;
  readonly #startedAt: number;
  #deadlineAt: number;
  #timer: Timer;
  #controller: AbortController | undefined;
  #aborted: RunAborted | undefined;

  constructor(options: RunControlOptions, startedAt: number) {
    this.#options = options;
    this.#startedAt = startedAt;
    this.#deadlineAt = Math.min(startedAt + options.timeoutSeconds * 1000, this.#leaseMax());
    this.#timer = options.clock.setTimer(this.#onDeadline, this.#deadlineAt - startedAt);
  }

  /** Why the run was aborted, if it was. */
  get abortCause(): AbortCause | undefined {
    return this.#aborted?.cause;
  }

  /** The reason that the signal carries, if the run was aborted. */
  get abortReason(): RunAborted | undefined {
    return this.#aborted;
  }

  /** Whether the agent ever looked at its signal: one that didn't can't have given up because of it. */
  get signalSeen(): boolean {
    return this.#controller !== undefined;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  get deadline(): number {
    const { clock } = this.#options;
    return clock.wall() + this.#deadlineAt - clock.monotonic();
  }

  extend(seconds: number): number {
    checkExtension(seconds);
    if (!this.#aborted) {
      const { clock } = this.#options;
      const now = clock.monotonic();
      this.#deadlineAt = Math.max(this.#deadlineAt, Math.min(now + seconds * 1000, this.#leaseMax()));
      clock.clearTimer(this.#timer);
      this.#timer = clock.setTimer(this.#onDeadline, this.#deadlineAt - now);
    }
    return this.deadline;
  }

  progress(note: string): void {
    this.#options.telemetry({
      kind: "progress",
      delivery: this.#options.delivery.facts,
      note: String(note).slice(0, 1000),
    });
  }

  /** Tells the agent to stop; only the first cause counts. */
  abort(cause: AbortCause, detail: string): void {
    if (this.#aborted) return;
    this.#aborted = new RunAborted(cause, detail);
    this.#controller?.abort(this.#aborted);
    this.#options.clock.clearTimer(this.#timer);
    this.#watchAborted(this.#options.clock.monotonic());
  }

  /** Ends all watching; the agent has ended. */
  end(): void {
    this.#options.clock.clearTimer(this.#timer);
  }

  #onDeadline = () => {
    const seconds = Math.round((this.#deadlineAt - this.#startedAt) / 1000);
    this.abort("timeout", `the agent ran for longer than ${seconds} s`);
  };

  #watchAborted(since: number): void {
    const { clock, telemetry, delivery } = this.#options;
    this.#timer = clock.setTimer(() => {
      telemetry({
        kind: "abortIgnored",
        delivery: delivery.facts,
        cause: this.#aborted!.cause,
        sinceMs: clock.monotonic() - since,
      });
      this.#watchAborted(since);
    }, ABORT_IGNORED_MS);
  }

  /** SQS shows the message to others 12 hours after it was received, whatever we ask for; stop a little earlier. */
  #leaseMax(): number {
    return this.#options.delivery.lease.heldSince + (VISIBILITY_MAX_SECONDS - 30) * 1000;
  }
}
