import { fullJitter } from "./backoff.js";
import type { Clock, Timer } from "./clock.js";
import { withDeadline } from "./deadline.js";
import { ProtectionError, type ProtectionTrouble, type TaskGuard } from "./task-guard.js";
import type { Fact, Telemetry } from "./telemetry.js";

export interface TaskProtectionOptions {
  readonly guard: TaskGuard;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Uniform in [0, 1); `Math.random` unless given. */
  readonly random?: () => number;
}

/** Short, since a process that hangs holds deployments up for as long; long enough to outlast an outage of minutes. */
const EXPIRES_MINUTES = 10;
const EXPIRES_MS = EXPIRES_MINUTES * 60_000;
/** Renewed between 4 and 5 minutes after the last time: at half life at the latest. */
const RENEW_MS = EXPIRES_MS / 2;
const RENEW_SPREAD = 0.2;
/** A fleet that becomes busy at once asks spread over this; what a stop costs until then is as little work. */
const PROTECT_SPREAD_MS = 2_000;
/** Between two messages of a trickle the task stays protected, so that it needn't ask for each. */
const IDLE_GRACE_MS = 15_000;
const IDLE_SPREAD_MS = 5_000;
/** ECS's agent itself gives up after 4 s. */
const CALL_DEADLINE_MS = 6_000;
const RETRY_LEAST_MS = 1_000;
const RETRY_BACKOFF_MS = { base: 2_000, max: 60_000 };
/** A role that may not, or a task that can't be guarded, won't change soon. */
const HOPELESS_PAUSE_MS = 900_000;
/** What the release at the end may take: the protection ends with the task in any case. */
const LAST_CALL_MS = 2_000;

/**
 * Asks the platform not to stop this task while agents run. Listens to facts, so no message waits for it.
 * 1. Asks on the edges between idle and busy, and to renew at half life; never for each message.
 * 2. An idle task is released after a grace, a draining one as soon as nothing runs; neither begins to ask anew.
 * 3. A refusal or an outage is told once and tried again, ever more rarely; the work goes on meanwhile.
 */
export class TaskProtection {
  readonly #options: TaskProtectionOptions;
  readonly #random: () => number;
  readonly #cut = new AbortController();
  #running = 0;
  #idleSince = Number.NEGATIVE_INFINITY;
  #graceMs = IDLE_GRACE_MS;
  #draining = false;
  /** Monotonic: when to renew what is surely there; undefined when it isn't. */
  #renewAt: number | undefined;
  /** Monotonic: until then the protection surely lasts. */
  #surelyUntil = Number.NEGATIVE_INFINITY;
  /** Monotonic: until then it may last; later than the former when a call had no answer. */
  #mayLastUntil = Number.NEGATIVE_INFINITY;
  /** Monotonic: no call before, whatever happens. */
  #notBefore = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #trouble: ProtectionTrouble | undefined;
  #call: Promise<void> | undefined;
  #timer: Timer;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(options: TaskProtectionOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** The listener; bound, so that it can be handed to `fanOut` as it is. */
  readonly record = (fact: Fact): void => {
    if (fact.kind === "started") {
      if (this.#running++ === 0) this.#becameBusy();
    } else if (fact.kind === "ended") {
      if (--this.#running === 0) this.#becameIdle();
    } else if (fact.kind === "lifecycle" && fact.state === "draining") {
      this.#draining = true;
      this.#graceMs = 0;
      if (this.#running === 0) this.#look();
    }
  };

  /** Releases the task, within two seconds at worst, and asks nothing any more. Never rejects; harmless twice. */
  async stop(): Promise<void> {
    const { clock } = this.#options;
    this.#draining = true;
    this.#forgetTimer();
    const late = clock.setTimer(() => this.#cut.abort(new Error("the worker has ended")), LAST_CALL_MS);
    await this.#call;
    const now = clock.monotonic();
    if (!this.#call && this.#mayLastUntil > now && this.#notBefore <= now && !this.#cut.signal.aborted)
      this.#ask(false);
    await this.#call;
    clock.clearTimer(late);
    this.#cut.abort();
    this.#forgetTimer();
  }

  #becameBusy(): void {
    // While a timer is set it will find the agent running.
    if (this.#timer === undefined && !this.#draining) this.#wakeAt(this.#now() + this.#random() * PROTECT_SPREAD_MS);
  }

  #becameIdle(): void {
    this.#idleSince = this.#now();
    if (this.#draining) return this.#look();
    this.#graceMs = IDLE_GRACE_MS + this.#random() * IDLE_SPREAD_MS;
    if (this.#mayLastUntil > this.#idleSince) this.#wakeAt(this.#idleSince + this.#graceMs);
  }

  /** Does what is due, and sets the timer for what is next. */
  #look(): void {
    this.#forgetTimer();
    if (this.#call || this.#cut.signal.aborted) return;
    const now = this.#now();
    const next = this.#next(now);
    if (!next) return;
    const at = Math.max(next.at, this.#notBefore);
    if (at <= now) this.#ask(next.protect);
    else this.#wakeAt(at);
  }

  #next(now: number): { readonly protect: boolean; readonly at: number } | undefined {
    // What drains is being stopped already: the protection that it has may last, but none is asked for.
    if (this.#running > 0) return this.#draining ? undefined : { protect: true, at: this.#renewAt ?? now };
    if (this.#mayLastUntil <= now) return undefined;
    return { protect: false, at: this.#idleSince + this.#graceMs };
  }

  #ask(protect: boolean): void {
    this.#call = this.#tell(protect).then(() => {
      this.#call = undefined;
      this.#look();
    });
  }

  async #tell(protect: boolean): Promise<void> {
    const { guard, clock, telemetry } = this.#options;
    const sentAt = this.#now();
    const wasOn = this.#surelyUntil > sentAt;
    try {
      await withDeadline(clock, CALL_DEADLINE_MS, this.#cut.signal, (signal) =>
        protect ? guard.protect(EXPIRES_MINUTES, signal) : guard.release(signal),
      );
    } catch (error) {
      return this.#failed(protect, error);
    }
    this.#surelyUntil = protect ? sentAt + EXPIRES_MS : Number.NEGATIVE_INFINITY;
    this.#mayLastUntil = protect ? this.#now() + EXPIRES_MS : Number.NEGATIVE_INFINITY;
    this.#renewAt = protect ? sentAt + RENEW_MS * (1 - this.#random() * RENEW_SPREAD) : undefined;
    if (protect !== wasOn || this.#failures > 0)
      telemetry({ kind: "protection", on: protect, failures: this.#failures });
    this.#failures = 0;
    this.#trouble = undefined;
  }

  #failed(protect: boolean, error: unknown): void {
    if (this.#cut.signal.aborted) return;
    const { trouble, retryAfterMs } =
      error instanceof ProtectionError ? error : { trouble: "unreachable" as const, retryAfterMs: 0 };
    const now = this.#now();
    // Nobody knows whether it was done.
    if (protect && trouble === "unreachable") this.#mayLastUntil = now + EXPIRES_MS;
    this.#failures++;
    const pause =
      trouble === "denied" || trouble === "impossible"
        ? HOPELESS_PAUSE_MS
        : RETRY_LEAST_MS + fullJitter(RETRY_BACKOFF_MS, this.#failures, this.#random);
    const retryInMs = Math.max(pause, retryAfterMs);
    this.#notBefore = now + retryInMs;
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    const lastsMs = Math.max(0, this.#surelyUntil - now);
    this.#options.telemetry({ kind: "protectionFailed", on: protect, trouble, retryInMs, lastsMs, error });
  }

  /** Looks at `at`, or earlier if that was meant already. */
  #wakeAt(at: number): void {
    if (this.#cut.signal.aborted || at >= this.#dueAt) return;
    const { clock } = this.#options;
    clock.clearTimer(this.#timer);
    this.#dueAt = at;
    this.#timer = clock.setTimer(() => this.#look(), at - this.#now());
  }

  #forgetTimer(): void {
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}
