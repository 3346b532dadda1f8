import { type Fleet, TaskState } from "./fleet.js";
import type { Random } from "./random.js";

/** Whether a task with an agent in it is protected from scale-in by ECS. */
export type Protection = "busy" | "off";

export interface EcsServiceOptions {
  /** Tasks that ECS launches in a minute: 500 a service. */
  readonly launchesPerMinute: number;
  /** From launch to the first receive. */
  readonly startSeconds: number;
  /** Coefficient of variation of that time. */
  readonly startVariation: number;
  /** From the signal to stop until agents that still run are interrupted: SHUTDOWN_TIMEOUT_SECONDS. */
  readonly drainSeconds: number;
  readonly protection: Protection;
  /** Share of tasks on Fargate Spot, 0..1. */
  readonly spotShare: number;
  /** Share of Spot tasks that AWS takes back in an hour. */
  readonly spotLossPerHour: number;
}

/** Launches that an account may make in a region: a bucket that all its services share. */
export class LaunchQuota {
  private tokens = ACCOUNT_BURST;

  refill(seconds: number): void {
    this.tokens = Math.min(ACCOUNT_BURST, this.tokens + ACCOUNT_LAUNCHES_PER_SECOND * seconds);
  }

  /** Takes up to `wanted` launches and returns how many it got. */
  take(wanted: number): number {
    const granted = Math.min(wanted, Math.floor(this.tokens));
    this.tokens -= granted;
    return granted;
  }
}

export const ACCOUNT_BURST = 100;
export const ACCOUNT_LAUNCHES_PER_SECOND = 20;

/** A worker keeps its protection for so long after its last agent has ended. */
const IDLE_GRACE_SECONDS = 15;

/** What happened to tasks that were told to stop. */
export interface StopCounts {
  /** Told to stop while an agent ran in them. */
  busyTasksStopped: number;
  /** Ended with an agent still running: its message comes again. */
  busyTasksKilled: number;
  spotTasksLost: number;
}

/**
 * ECS's scheduler for one service: launches towards the desired count as fast as quotas allow, stops tasks beyond it
 * (those that haven't started first, protected ones never), and replaces those that Spot takes back.
 */
export class EcsService {
  desiredTasks: number;
  readonly stops: StopCounts = { busyTasksStopped: 0, busyTasksKilled: 0, spotTasksLost: 0 };
  private readonly starting: { readonly task: number; readonly readyAt: number }[] = [];
  private readonly running: number[] = [];
  private readonly draining: { readonly task: number; readonly until: number }[] = [];
  /** When an agent was last seen in a task; kept where tasks are protected. */
  private readonly busyAt = new Map<number, number>();
  private launchTokens = 0;

  constructor(
    private readonly fleet: Fleet,
    private readonly quota: LaunchQuota,
    private readonly random: Random,
    private readonly options: EcsServiceOptions,
    initialTasks: number,
  ) {
    this.desiredTasks = initialTasks;
    for (let i = 0; i < initialTasks; i++) {
      const task = fleet.launch();
      fleet.run(task);
      this.running.push(task);
    }
  }

  get runningTasks(): number {
    return this.running.length;
  }

  /** One second of the scheduler, ending at `now`. @returns how many agents were interrupted in it. */
  tick(now: number): number {
    this.finishStarts(now);
    this.loseSpotTasks(now);
    if (this.options.protection === "busy") this.noteBusy(now);
    const missing = this.desiredTasks - this.starting.length - this.running.length;
    if (missing < 0) this.stop(-missing, now);
    this.launch(Math.max(0, missing), now);
    return this.finishDrains(now);
  }

  private launch(missing: number, now: number): void {
    const { launchesPerMinute, startSeconds, startVariation } = this.options;
    // A bucket that holds the launches of one second: the quota is a pace and not a stock.
    const pace = launchesPerMinute / 60;
    this.launchTokens = Math.min(this.launchTokens + pace, Math.max(1, pace) + 1);
    const granted = this.quota.take(Math.min(missing, Math.floor(this.launchTokens)));
    this.launchTokens -= granted;
    for (let i = 0; i < granted; i++) {
      const readyAt = now + startSeconds * this.random.lognormal(startVariation);
      this.starting.push({ task: this.fleet.launch(), readyAt });
    }
  }

  private finishStarts(now: number): void {
    for (let at = this.starting.length - 1; at >= 0; at--) {
      const { task, readyAt } = this.starting[at]!;
      if (readyAt > now) continue;
      this.starting[at] = this.starting.at(-1)!;
      this.starting.pop();
      this.fleet.run(task);
      this.running.push(task);
    }
  }

  private noteBusy(now: number): void {
    for (const task of this.running) if (this.fleet.busyOf(task) > 0) this.busyAt.set(task, now);
  }

  private stop(surplus: number, now: number): void {
    let left = surplus;
    for (; left > 0 && this.starting.length > 0; left--) this.fleet.end(this.starting.pop()!.task);
    // By chance where ECS may choose; looking at each task once is enough to find those that may go.
    for (let looked = 0, size = this.running.length; left > 0 && looked < size && this.running.length > 0; looked++) {
      const at = this.random.below(this.running.length);
      if (now - (this.busyAt.get(this.running[at]!) ?? Number.NEGATIVE_INFINITY) < IDLE_GRACE_SECONDS) continue;
      this.drain(at, now);
      left--;
    }
  }

  private drain(at: number, now: number): void {
    const task = this.running[at]!;
    this.running[at] = this.running.at(-1)!;
    this.running.pop();
    this.busyAt.delete(task);
    if (this.fleet.busyOf(task) > 0) this.stops.busyTasksStopped++;
    this.fleet.drain(task);
    this.draining.push({ task, until: now + this.options.drainSeconds });
  }

  private loseSpotTasks(now: number): void {
    const { spotShare, spotLossPerHour } = this.options;
    const chance = (spotShare * spotLossPerHour) / 3600;
    if (chance === 0) return;
    for (let at = this.running.length - 1; at >= 0; at--) {
      if (this.random.uniform() >= chance) continue;
      this.stops.spotTasksLost++;
      this.drain(at, now);
    }
  }

  private finishDrains(now: number): number {
    let interrupted = 0;
    for (let at = this.draining.length - 1; at >= 0; at--) {
      const { task, until } = this.draining[at]!;
      if (this.fleet.busyOf(task) > 0 && now < until) continue;
      const lost = this.fleet.stateOf(task) === TaskState.draining ? this.fleet.end(task) : 0;
      if (lost > 0) this.stops.busyTasksKilled++;
      interrupted += lost;
      this.draining[at] = this.draining.at(-1)!;
      this.draining.pop();
    }
    return interrupted;
  }
}
