import { fullJitter } from "../ports/backoff.js";
import type { Clock } from "../ports/clock.js";
import { withDeadline } from "../ports/deadline.js";
import type { ProtectionTrouble, Telemetry } from "../ports/telemetry.js";
import { ProtectionError, type TaskGuard } from "./task-guard.js";

export interface GuardLineOptions {
  readonly guard: TaskGuard;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** For how long a protection is asked for (1..2880). */
  readonly minutes: number;
  /** Told when a call has ended: whether protection was asked for, and monotonic when if that was done. */
  readonly onEnded: (protect: boolean, doneAt: number | undefined) => void;
}

/** ECS's agent itself gives up after 4 s. */
const CALL_DEADLINE_MS = 6_000;
const RETRY_LEAST_MS = 1_000;
const RETRY_BACKOFF_MS = { base: 2_000, max: 60_000 };
/** A role that may not, or a task that can't be guarded, won't change soon. */
const HOPELESS_PAUSE_MS = 900_000;

/**
 * The line to what guards a task: one call at a time, each with a deadline. Knows what surely holds and what may, tells
 * each change of it and of the trouble once, and says before when no call is to be made. Times are monotonic.
 */
export class GuardLine {
  readonly #options: GuardLineOptions;
  readonly #cut = new AbortController();
  #surelyUntil = Number.NEGATIVE_INFINITY;
  #mayLastUntil = Number.NEGATIVE_INFINITY;
  #notBefore = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #trouble: ProtectionTrouble | undefined;
  #call: Promise<void> | undefined;

  constructor(options: GuardLineOptions) {
    this.#options = options;
  }

  /** The call under way; never rejects. */
  get call(): Promise<void> | undefined {
    return this.#call;
  }

  /** Until then the protection surely lasts. */
  get surelyUntil(): number {
    return this.#surelyUntil;
  }

  /** Until then it may last: later than the former when a call had no answer. */
  get mayLastUntil(): number {
    return this.#mayLastUntil;
  }

  /** After a refusal: no call before. */
  get notBefore(): number {
    return this.#notBefore;
  }

  get closed(): boolean {
    return this.#cut.signal.aborted;
  }

  /** Asks for protection, or to be released. Not while a call is under way. */
  ask(protect: boolean): void {
    this.#call = this.#ask(protect).then((doneAt) => {
      this.#call = undefined;
      this.#options.onEnded(protect, doneAt);
    });
  }

  /** Ends the call under way; what it would have told is told to nobody. Harmless twice. */
  close(): void {
    this.#cut.abort(new Error("the worker has ended"));
  }

  async #ask(protect: boolean): Promise<number | undefined> {
    const { guard, clock, telemetry, minutes } = this.#options;
    const sentAt = clock.monotonic();
    const wasOn = this.#surelyUntil > sentAt;
    const call = (signal: AbortSignal) => (protect ? guard.protect(minutes, signal) : guard.release(signal));
    try {
      await withDeadline(clock, CALL_DEADLINE_MS, this.#cut.signal, call);
    } catch (error) {
      this.#failed(protect, error);
      return undefined;
    }
    const lastsMs = minutes * 60_000;
    this.#surelyUntil = protect ? sentAt + lastsMs : Number.NEGATIVE_INFINITY;
    this.#mayLastUntil = protect ? clock.monotonic() + lastsMs : Number.NEGATIVE_INFINITY;
    const failures = this.#failures;
    this.#failures = 0;
    this.#trouble = undefined;
    if (protect !== wasOn || failures > 0) telemetry({ kind: "protection", on: protect, failures });
    return sentAt;
  }

  #failed(on: boolean, error: unknown): void {
    if (this.closed) return;
    const { clock, random, telemetry, minutes } = this.#options;
    const { trouble, retryAfterMs } =
      error instanceof ProtectionError ? error : { trouble: "unreachable" as const, retryAfterMs: 0 };
    const now = clock.monotonic();
    // Nobody knows whether it was done.
    if (on && trouble === "unreachable") this.#mayLastUntil = now + minutes * 60_000;
    this.#failures++;
    const pause =
      trouble === "denied" || trouble === "impossible"
        ? HOPELESS_PAUSE_MS
        : RETRY_LEAST_MS + fullJitter(RETRY_BACKOFF_MS, this.#failures, random);
    const retryInMs = Math.max(pause, retryAfterMs);
    this.#notBefore = now + retryInMs;
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    const lastsMs = Math.max(0, this.#surelyUntil - now);
    telemetry({ kind: "protectionFailed", on, trouble, retryInMs, lastsMs, error });
  }
}
