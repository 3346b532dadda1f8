import { agentTimer } from "./agent-timing.js";
import type { ArrivalMoments } from "./arrivals.js";
import { Autoscaler } from "./autoscaler.js";
import { EcsService, LaunchQuota, type StopCounts } from "./ecs-service.js";
import { Fleet } from "./fleet.js";
import { Metrics } from "./metric-series.js";
import { Publisher } from "./publisher.js";
import { arrivalsOf, type SimulationOptions, sourceOf, steadyTasks } from "./simulation-options.js";
import type { Activity, Moment, SimulationResult } from "./simulation-result.js";
import { StartGate } from "./start-gate.js";
import { IN_FLIGHT_MAX, Work } from "./work.js";

export type { SimulationOptions };

/** Points of a chart, at most. */
const MOMENTS = 720;

/**
 * Runs one policy over one load, message by message, second by second.
 * @throws RangeError when `grain` doesn't divide `slots`.
 */
export function simulateScaling(options: SimulationOptions): SimulationResult {
  const simulation = new Simulation(options);
  for (let second = 0; second < options.seconds; second++) simulation.tick(second);
  return simulation.result();
}

interface ScaledService {
  readonly ecs: EcsService;
  readonly scaler: Autoscaler;
  /** What was ordered last; ECS learns of it after the action's delay. */
  ordered: number;
  readonly orders: { readonly at: number; readonly tasks: number }[];
}

/** The parts of a run, wired: load → work on the fleet → what publishers see → alarms and policies → ECS. */
export class Simulation {
  private readonly metrics = new Metrics();
  private readonly quota = new LaunchQuota();
  private readonly fleet: Fleet;
  private readonly work: Work;
  private readonly publisher: Publisher;
  private readonly services: readonly ScaledService[];
  private readonly activities: Activity[] = [];
  private readonly moments: Moment[] = [];
  private readonly everySeconds: number;
  private taskSeconds = 0;
  private highestTasks = 0;
  private interrupted = 0;

  /** @param arrivals drawn from the load unless given; @throws RangeError when `grain` doesn't divide `slots`. */
  constructor(
    private readonly options: SimulationOptions,
    arrivals: ArrivalMoments = arrivalsOf(options),
  ) {
    const { seconds, grain, slots, policy, agentSeconds, metricDelaySeconds } = options;
    if (slots % grain !== 0) throw new RangeError(`grain must divide the slots of a task, ${slots}, got ${grain}`);
    // A source of chance for each part, so that two policies meet the same arrivals.
    const random = (part: number) => sourceOf(options, part);
    this.fleet = new Fleet(slots / grain, random(1));
    const { budget } = options;
    const gate = budget && new StartGate(budget, grain);
    this.work = new Work(this.fleet, arrivals, agentTimer(options, random(3)), Math.floor(IN_FLIGHT_MAX / grain), gate);
    this.publisher = new Publisher(this.metrics, random(5), { ...options.publisher, slots, agentSeconds, budget });
    const wanted = options.initialTasks ?? steadyTasks(options);
    const tasks = Math.min(policy.maxTasks, Math.max(policy.minTasks, wanted));
    this.services = Array.from({ length: options.services }, (_, at) => ({
      ecs: new EcsService(this.fleet, this.quota, random(6 + at), options.ecs, tasks),
      scaler: new Autoscaler(policy, this.metrics, metricDelaySeconds),
      ordered: tasks,
      orders: [],
    }));
    this.everySeconds = Math.max(1, Math.ceil(seconds / MOMENTS));
  }

  /** Tasks that cost money at this moment, and those that are ordered. */
  get tasks(): { readonly billed: number; readonly desired: number } {
    return { billed: this.fleet.billedTasks, desired: this.desiredTasks };
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.work.backlog.size * this.options.grain;
  }

  /** How long messages that have started waited, seconds: the wait that the given share (0..1) didn't exceed. */
  waitQuantile(share: number): number {
    return this.work.waits.quantile(share);
  }

  /** All tasks so far, from launch to end. */
  get taskHours(): number {
    return this.taskSeconds / 3600;
  }

  /** The second that begins at `second`. */
  tick(second: number): void {
    const { fleet, work, services } = this;
    this.quota.refill(1);
    for (const { ecs } of services) {
      const interrupted = ecs.tick(second);
      this.interrupted += interrupted;
      work.putBack(interrupted, second);
    }
    work.startWaiting(second);
    this.taskSeconds += fleet.billedTasks;
    this.highestTasks = Math.max(this.highestTasks, fleet.billedTasks);
    work.run(second + 1);
    this.publish(second);
    for (const [at, service] of services.entries()) this.scale(at, service, second + 1);
    if ((second + 1) % this.everySeconds === 0) this.note(second + 1);
  }

  result(): SimulationResult {
    const { options, work, activities } = this;
    const messages = work.arrived * options.grain;
    const unfinished = work.backlog.size * options.grain;
    this.countUnfinished();
    const { waits } = work;
    const stops = (key: keyof StopCounts) => this.services.reduce((sum, { ecs }) => sum + ecs.stops[key], 0);
    const scaleOuts = activities.filter(({ fromTasks, desiredTasks }) => desiredTasks > fromTasks).length;
    return {
      policy: options.policy.name,
      messages,
      unfinished,
      waitSeconds: {
        mean: waits.mean,
        p50: waits.quantile(0.5),
        p95: waits.quantile(0.95),
        p99: waits.quantile(0.99),
        max: waits.max,
      },
      taskHours: this.taskHours,
      leastTaskHours: (messages * options.agentSeconds) / options.slots / 3600,
      highestTasks: this.highestTasks,
      scaleOuts,
      scaleIns: activities.length - scaleOuts,
      busyTasksKilled: stops("busyTasksKilled"),
      busyTasksStopped: stops("busyTasksStopped"),
      interruptedMessages: this.interrupted * options.grain,
      spotTasksLost: stops("spotTasksLost"),
      activities,
      moments: this.moments,
    };
  }

  private get desiredTasks(): number {
    return this.services.reduce((sum, { ecs }) => sum + ecs.desiredTasks, 0);
  }

  private publish(second: number): void {
    const { work, fleet, options } = this;
    this.publisher.tick(second, {
      visible: work.backlog.size * options.grain,
      busySlots: fleet.busySlots * options.grain,
      desiredTasks: this.desiredTasks,
      runningTasks: fleet.runningTasks,
      anyEnded: work.ended > 0,
    });
  }

  private scale(at: number, service: ScaledService, now: number): void {
    const fromTasks = service.ordered;
    const activity = service.scaler.tick(now, fromTasks);
    if (activity) {
      this.activities.push({ ...activity, second: now, service: at, fromTasks });
      service.ordered = activity.desiredTasks;
      service.orders.push({ at: now + this.options.actionDelaySeconds, tasks: activity.desiredTasks });
    }
    while (service.orders.length > 0 && service.orders[0]!.at <= now) {
      service.ecs.desiredTasks = service.orders.shift()!.tasks;
    }
  }

  private note(now: number): void {
    const { work, fleet, options, everySeconds } = this;
    this.moments.push({
      second: now,
      arrivalsPerSecond: options.load.rateAt(now - 1),
      waiting: work.backlog.size * options.grain,
      desiredTasks: this.desiredTasks,
      runningTasks: fleet.runningTasks,
      waitSeconds: work.takeRecentMax(),
      slotDemand: this.metrics.over("SlotDemand", now - Math.max(everySeconds, 10), now, "Average"),
    });
  }

  /** What is still waiting at the end would start, in turn, as the last fleet's slots come free. */
  private countUnfinished(): void {
    const { backlog, waits } = this.work;
    const { seconds, agentSeconds } = this.options;
    const perSecond = (this.fleet.runningTasks * this.fleet.slotsPerTask) / agentSeconds;
    for (let place = 1; backlog.size > 0; place++) {
      waits.add(seconds - backlog.take() + (perSecond === 0 ? 0 : place / perSecond));
    }
  }
}
