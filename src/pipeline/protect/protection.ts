import type { Clock, Timer } from "../ports/clock.js";
import type { Fact, Telemetry } from "../ports/telemetry.js";
import { GuardLine } from "./guard-line.js";
import type { TaskGuard } from "./task-guard.js";

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
/** Renewed between 4 and 5 minutes after the last time: at half life at the latest. */
const RENEW_MS = (EXPIRES_MINUTES * 60_000) / 2;
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
  readonly #clock: Clock;
  readonly #line: GuardLine;
  readonly #random: () => number;
  readonly #holdMaxMs: number;
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
  /** Monotonic: when to ask for it, anew if it is there. */
  #askAt = Number.NEGATIVE_INFINITY;
  #timer: Timer;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor({ random = Math.random, longestRunSeconds, ...options }: TaskProtectionOptions) {
    this.#clock = options.clock;
    this.#random = random;
    this.#holdMaxMs = Math.max(HOLD_MAX_MS, longestRunSeconds * 1000);
    this.#line = new GuardLine({
      ...options,
      random,
      minutes: EXPIRES_MINUTES,
      onEnded: (protect, doneAt) => this.#told(protect, doneAt),
    });
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
    this.#draining = true;
    const line = this.#line;
    const late = this.#clock.setTimer(() => line.close(), LAST_CALL_MS);
    await line.call;
    const now = this.#now();
    if (!line.call && line.mayLastUntil > now && line.notBefore <= now && !line.closed) line.ask(false);
    await line.call;
    this.#clock.clearTimer(late);
    line.close();
    this.#forgetTimer();
  }

  #becameBusy(): void {
    if (this.#draining) return;
    const now = this.#now();
    const isProtected = this.#line.surelyUntil > now;
    if (now - this.#idleSince >= this.#graceMs) {
      if (!this.#wanted || !isProtected) this.#wantedSince = now;
      this.#wanted = true;
      if (!isProtected) this.#judgeAt = Number.POSITIVE_INFINITY;
    }
    if (!isProtected && this.#askAt <= now) this.#askAt = now + this.#random() * PROTECT_SPREAD_MS;
    this.#wakeAt(Math.max(this.#wanted ? this.#askAt : this.#judgeAt, this.#line.notBefore));
  }

  #becameIdle(): void {
    this.#idleSince = this.#now();
    if (this.#draining) return this.#look();
    this.#graceMs = IDLE_GRACE_MS + this.#random() * IDLE_SPREAD_MS;
    if (this.#line.mayLastUntil > this.#idleSince) this.#wakeAt(this.#idleSince + this.#graceMs);
  }

  /** Does what is due, and sets the timer for what is next. */
  #look(): void {
    this.#forgetTimer();
    if (this.#line.call || this.#line.closed) return;
    const now = this.#now();
    const busy = this.#runs.size > 0;
    const idleUntil = this.#idleSince + this.#graceMs;
    // What drains is being stopped already: the protection that it has may last, but none is asked for.
    if (this.#draining && busy) return;
    if (busy) this.#judge(now);
    else if (this.#draining || now >= idleUntil) this.#wanted = false;
    else return this.#line.mayLastUntil > now ? this.#wakeAt(idleUntil) : undefined;

    if (this.#wanted) this.#askOrWait(true, Math.max(this.#askAt, this.#line.notBefore), now);
    else if (this.#line.mayLastUntil > now) this.#askOrWait(false, this.#line.notBefore, now);
    else if (busy) this.#wakeAt(this.#judgeAt);
  }

  #askOrWait(protect: boolean, at: number, now: number): void {
    if (at <= now) this.#line.ask(protect);
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

  #told(protect: boolean, doneAt: number | undefined): void {
    if (protect && doneAt !== undefined) {
      this.#askAt = doneAt + RENEW_MS * (1 - this.#random() * RENEW_SPREAD);
      this.#judgeAt = this.#askAt;
      this.#period++;
    }
    // Became busy while the release was on its way.
    if (!protect && doneAt !== undefined) this.#askAt = doneAt;
    this.#look();
  }

  /** Looks at `at`, or earlier if that was meant already. */
  #wakeAt(at: number): void {
    if (this.#line.closed || at >= this.#dueAt) return;
    this.#clock.clearTimer(this.#timer);
    this.#dueAt = at;
    this.#timer = this.#clock.setTimer(() => this.#look(), at - this.#now());
  }

  #forgetTimer(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #now(): number {
    return this.#clock.monotonic();
  }
}
