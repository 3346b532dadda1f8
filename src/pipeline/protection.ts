import { fullJitter } from "./backoff.js";
import type { Clock, Timer } from "./clock.js";
import { withDeadline } from "./deadline.js";
import { ProtectionError, type ProtectionTrouble, type TaskGuard } from "./task-guard.js";
import type { Fact, Telemetry } from "./telemetry.js";

export interface TaskProtectionOptions {
  readonly guard: TaskGuard;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** HANDLER_TIMEOUT_SECONDS: the longest that a run can take. */
  readonly longestRunSeconds: number;
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
/** Between two messages of a trickle the task counts as busy, so that it needn't ask for each. */
const IDLE_GRACE_MS = 15_000;
const IDLE_SPREAD_MS = 5_000;
/** How often a task that let its protection go looks whether a run has become a long one. */
const WATCH_MS = 60_000;
/** Runs that overlap for ever must not hold a deployment up for ever: CloudFormation gives up after three hours. */
const HOLD_MAX_MS = 2 * 3_600_000;
const HOLD_PAUSE_MS = 600_000;
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
 * 1. Asks when the task becomes busy, renews at half life, releases when it was idle for a while; never for each message.
 * 2. Renews only for a run that was there when it last asked. A task that is always busy with short runs lets go, since
 *    its drain loses none of them and a deployment would wait for it for ever.
 * 3. A task that drains asks for nothing, and is released as soon as nothing runs.
 * 4. A refusal or an outage is told once and tried again, ever more rarely; the work goes on meanwhile.
 */
export class TaskProtection {
  readonly #options: TaskProtectionOptions;
  readonly #random: () => number;
  readonly #holdMaxMs: number;
  readonly #cut = new AbortController();
  /** Messages of agents that run, the oldest run first, with the period in which it began. */
  readonly #runs = new Map<string, number>();
  /** Counts the times that it was asked for or judged. */
  #period = 0;
  #idleSince = Number.NEGATIVE_INFINITY;
  #graceMs = IDLE_GRACE_MS;
  #draining = false;
  /** Whether the task ought to be protected. */
  #wanted = false;
  /** Monotonic: when to judge whether it still ought to be. */
  #judgeAt = Number.NEGATIVE_INFINITY;
  #wantedSince = Number.NEGATIVE_INFINITY;
  /** Monotonic: until then the protection surely lasts. */
  #surelyUntil = Number.NEGATIVE_INFINITY;
  /** Monotonic: until then it may last; later than the former when a call had no answer. */
  #mayLastUntil = Number.NEGATIVE_INFINITY;
  /** Monotonic: when to ask for it, anew if it is there. */
  #askAt = Number.NEGATIVE_INFINITY;
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
    this.#holdMaxMs = Math.max(HOLD_MAX_MS, options.longestRunSeconds * 1000);
  }

  /** The listener; bound, so that it can be handed to `fanOut` as it is. */
  readonly record = (fact: Fact): void => {
    if (fact.kind === "started") {
      this.#runs.set(fact.delivery.messageId, this.#period);
      if (this.#runs.size === 1) this.#becameBusy();
    } else if (fact.kind === "ended") {
      this.#runs.delete(fact.delivery.messageId);
      if (this.#runs.size === 0) this.#becameIdle();
    } else if (fact.kind === "lifecycle" && fact.state === "draining") {
      this.#draining = true;
      this.#look();
    }
  };

  /** Releases the task, within two seconds at worst, and asks nothing any more. Never rejects; harmless twice. */
  async stop(): Promise<void> {
    const { clock } = this.#options;
    this.#draining = true;
    this.#forgetTimer();
    const late = clock.setTimer(() => this.#cut.abort(new Error("the worker has ended")), LAST_CALL_MS);
    await this.#call;
    const now = this.#now();
    if (!this.#call && this.#mayLastUntil > now && this.#notBefore <= now && !this.#cut.signal.aborted)
      this.#ask(false);
    await this.#call;
    clock.clearTimer(late);
    this.#cut.abort();
    this.#forgetTimer();
  }

  #becameBusy(): void {
    if (this.#draining) return;
    const now = this.#now();
    const isProtected = this.#surelyUntil > now;
    if (now - this.#idleSince >= this.#graceMs) {
      if (!this.#wanted) this.#wantedSince = now;
      this.#wanted = true;
      if (!isProtected) this.#judgeAt = Number.POSITIVE_INFINITY;
    }
    if (!isProtected && this.#askAt <= now) this.#askAt = now + this.#random() * PROTECT_SPREAD_MS;
    this.#wakeAt(Math.max(this.#wanted ? this.#askAt : this.#judgeAt, this.#notBefore));
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
    const busy = this.#runs.size > 0;
    const idleUntil = this.#idleSince + this.#graceMs;
    // What drains is being stopped already: the protection that it has may last, but none is asked for.
    if (this.#draining && busy) return;
    if (busy) this.#judge(now);
    else if (this.#draining || now >= idleUntil) this.#wanted = false;
    else return this.#mayLastUntil > now ? this.#wakeAt(idleUntil) : undefined;

    if (this.#wanted) this.#askOrWait(true, Math.max(this.#askAt, this.#notBefore), now);
    else if (this.#mayLastUntil > now) this.#askOrWait(false, this.#notBefore, now);
    else if (busy) this.#wakeAt(this.#judgeAt);
  }

  #askOrWait(protect: boolean, at: number, now: number): void {
    if (at <= now) this.#ask(protect);
    else this.#wakeAt(at);
  }

  /** Whether a run is worth a protection: one that was there the last time, unless such runs overlap for too long. */
  #judge(now: number): void {
    if (now < this.#judgeAt) return;
    const [oldest = this.#period] = this.#runs.values();
    const tooLong = this.#wanted && now - this.#wantedSince >= this.#holdMaxMs;
    const wanted = oldest < this.#period && !tooLong;
    this.#period++;
    if (wanted && !this.#wanted) this.#wantedSince = now;
    this.#wanted = wanted;
    this.#askAt = now;
    this.#judgeAt = now + (tooLong ? HOLD_PAUSE_MS : WATCH_MS);
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
    if (protect) {
      this.#askAt = sentAt + RENEW_MS * (1 - this.#random() * RENEW_SPREAD);
      this.#judgeAt = this.#askAt;
      this.#period++;
    }
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
