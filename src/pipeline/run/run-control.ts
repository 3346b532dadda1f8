import type { Grant, Uses } from "../ports/budget.js";
import type { Clock, Timer } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { CheckpointCause, Run, SaveCheckpoint } from "../ports/handler.js";
import type { AbortCause } from "../ports/outcome.js";
import { VISIBILITY_MAX_SECONDS } from "../ports/queue.js";
import type { Telemetry } from "../ports/telemetry.js";
import { textOf } from "../ports/thrown.js";
import { Checkpoint } from "./checkpoint.js";
import { RunAborted, RunSignal } from "./run-signal.js";

/** @throws RangeError unless an agent may ask for so many more seconds: 1 to 43,200. */
export function checkExtension(seconds: number): void {
  if (seconds >= 1 && seconds <= VISIBILITY_MAX_SECONDS) return;
  throw new RangeError(`extend takes between 1 and ${VISIBILITY_MAX_SECONDS} seconds, got ${textOf(seconds)}`);
}

const noBudget = (name: string) => `there is no budget ${name}: BUDGETS names them`;

export interface RunControlOptions {
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly timeoutSeconds: number;
}

/** Before the deadline, what is for saving a checkpoint; of a short run a share. */
export const CHECKPOINT_MS = 5_000;
const CHECKPOINT_SHARE = 0.1;
/** Longest note of an agent's that is told, in characters. */
const NOTE_MAX = 1_000;
/** An agent that doesn't end after its abort is told of again this often. */
const ABORT_IGNORED_MS = 10_000;

/** What holds one run in bounds: its deadline, its abort, and what the agent may ask for meanwhile. */
export class RunControl implements Run {
  readonly #options: RunControlOptions;
  readonly #startedAt: number;
  #deadlineAt: number;
  #timer: Timer;
  readonly #signal = new RunSignal();
  #checkpoint: Checkpoint | undefined;
  #ended = false;

  constructor(options: RunControlOptions, startedAt: number) {
    this.#options = options;
    this.#startedAt = startedAt;
    this.#deadlineAt = Math.min(startedAt + options.timeoutSeconds * 1000, this.#leaseMax());
    this.#timer = this.#untilDeadline(startedAt);
  }

  /** Why the run was aborted, if it was. */
  get abortCause(): AbortCause | undefined {
    return this.#signal.reason?.cause;
  }

  /** The reason that the signal carries, if the run was aborted. */
  get abortReason(): RunAborted | undefined {
    return this.#signal.reason;
  }

  /** Whether the agent wants to save its state before it is aborted. */
  get hasCheckpoint(): boolean {
    return this.#checkpoint !== undefined;
  }

  /** Whether it has. */
  get saved(): boolean {
    return this.#checkpoint?.saved ?? false;
  }

  /** Whether the agent ever looked at its signal: one that didn't can't have given up because of it. */
  get signalSeen(): boolean {
    return this.#signal.seen;
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  get deadline(): number {
    const { clock } = this.#options;
    return clock.wall() + this.#deadlineAt - clock.monotonic();
  }

  extend(seconds: number): number {
    checkExtension(seconds);
    if (!this.#signal.reason) {
      const { clock } = this.#options;
      const now = clock.monotonic();
      this.#deadlineAt = Math.max(this.#deadlineAt, Math.min(now + seconds * 1000, this.#leaseMax()));
      clock.clearTimer(this.#timer);
      this.#timer = this.#untilDeadline(now);
    }
    return this.deadline;
  }

  progress(note: string): void {
    this.#options.telemetry({
      kind: "progress",
      delivery: this.#options.delivery.facts,
      note: textOf(note).slice(0, NOTE_MAX),
    });
  }

  checkpoint(save: SaveCheckpoint): void {
    if (this.#checkpoint) return this.#checkpoint.replace(save);
    this.#checkpoint = new Checkpoint(save);
    if (this.#signal.reason || this.#ended) return;
    const { clock } = this.#options;
    clock.clearTimer(this.#timer);
    this.#timer = this.#untilDeadline(clock.monotonic());
  }

  async take(name: string, amount: number): Promise<void> {
    await this.#grant(name).take(name, amount, () => this.signal);
  }

  took(totals: Uses): void {
    this.#grant(Object.keys(totals).join(", ")).took(totals);
  }

  /** The run's own ledger entry; where there is none no budget is. */
  #grant(name: string): Grant {
    // Another run of the message may have an entry by now.
    if (this.#ended) throw new RangeError(`the run is over: it takes nothing of ${name} any more`);
    const { grant } = this.#options.delivery;
    if (!grant) throw new RangeError(noBudget(name));
    return grant;
  }

  /** Lets the agent save its state, if it wants to, for `ms` milliseconds at most; then tells it to stop. */
  async saveAndAbort(cause: CheckpointCause, detail: string, ms: number, graceMs?: number): Promise<void> {
    if (this.#checkpoint && !this.#signal.reason) {
      const { clock, telemetry, delivery } = this.#options;
      const end = await this.#checkpoint.take(cause, ms, clock);
      if (this.#ended || this.#signal.reason) return;
      telemetry({ kind: "checkpoint", delivery: delivery.facts, cause, ...end });
    }
    this.abort(cause, detail, graceMs);
  }

  /** Tells the agent to stop; only the first cause counts. */
  abort(cause: AbortCause, detail: string, graceMs?: number): void {
    if (this.#signal.reason) return;
    this.#signal.abort(new RunAborted(cause, detail, graceMs));
    this.#options.clock.clearTimer(this.#timer);
    this.#watchAborted(this.#options.clock.monotonic());
  }

  /** Ends all watching; the agent has ended. */
  end(): void {
    this.#ended = true;
    this.#options.clock.clearTimer(this.#timer);
  }

  #untilDeadline(now: number): Timer {
    return this.#options.clock.setTimer(this.#onDeadline, this.#deadlineAt - this.#saveMs() - now);
  }

  #onDeadline = () => {
    const seconds = Math.round((this.#deadlineAt - this.#startedAt) / 1000);
    void this.saveAndAbort("timeout", `the agent ran for longer than ${seconds} s`, this.#saveMs());
  };

  #saveMs(): number {
    if (!this.#checkpoint) return 0;
    return Math.min(CHECKPOINT_MS, (this.#deadlineAt - this.#startedAt) * CHECKPOINT_SHARE);
  }

  #watchAborted(since: number): void {
    const { clock, telemetry, delivery } = this.#options;
    this.#timer = clock.setTimer(() => {
      telemetry({
        kind: "abortIgnored",
        delivery: delivery.facts,
        cause: this.#signal.reason!.cause,
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
