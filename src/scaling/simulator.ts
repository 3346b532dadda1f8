import { Arrivals } from "./arrivals.js";
import { Autoscaler, type ScalingActivity } from "./autoscaler.js";
import { EcsService, type EcsServiceOptions, LaunchQuota } from "./ecs-service.js";
import { Fleet } from "./fleet.js";
import type { Load } from "./load.js";
import { Metrics } from "./metric-series.js";
import type { ScalingDefinition } from "./policy.js";
import { Publisher, type PublisherOptions } from "./publisher.js";
import { Random } from "./random.js";
import { IN_FLIGHT_MAX, Work } from "./work.js";

/** How agents' times are spread around their mean. */
export type AgentTimes = "constant" | "exponential" | "lognormal";

export interface SimulationOptions {
  readonly load: Load;
  /** Length of the run. */
  readonly seconds: number;
  readonly policy: ScalingDefinition;
  readonly agentSeconds: number;
  readonly agentTimes: AgentTimes;
  /** Coefficient of variation of log-normal agent times. */
  readonly agentVariation: number;
  /** Slots of one task. */
  readonly slots: number;
  /** Services on the queue, each with its own copy of the policy; floor and ceiling are those of one. */
  readonly services: number;
  /** Tasks of each service at the start; undefined: what the first rate needs at the policy's target. */
  readonly initialTasks: number | undefined;
  readonly ecs: EcsServiceOptions;
  readonly publisher: Omit<PublisherOptions, "slots" | "agentSeconds">;
  /** From the end of a period until its alarm is evaluated. */
  readonly metricDelaySeconds: number;
  /** From the alarm until ECS knows the new desired count. */
  readonly actionDelaySeconds: number;
  /** Messages simulated as one; must divide `slots`. */
  readonly grain: number;
  readonly seed: number;
}

/** One moment of the run, for charts. */
export interface Moment {
  readonly second: number;
  readonly arrivalsPerSecond: number;
  readonly waiting: number;
  readonly desiredTasks: number;
  readonly runningTasks: number;
  /** Longest wait among the messages that started since the moment before. */
  readonly waitSeconds: number;
  /** Mean of the last interval; undefined where nobody published. */
  readonly slotDemand: number | undefined;
}

export interface SimulationResult {
  readonly policy: string;
  /** Sent during the run. */
  readonly messages: number;
  /** Still waiting at its end; their waits so far, and what the last fleet would still need, are in `waitSeconds`. */
  readonly unfinished: number;
  readonly waitSeconds: {
    readonly mean: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly taskHours: number;
  /** All work over all slots: a fleet that is always full and never starts. No policy can reach it. */
  readonly leastTaskHours: number;
  readonly highestTasks: number;
  readonly scaleOuts: number;
  readonly scaleIns: number;
  readonly busyTasksKilled: number;
  readonly busyTasksStopped: number;
  readonly interruptedMessages: number;
  readonly spotTasksLost: number;
  readonly activities: readonly (ScalingActivity & { readonly second: number; readonly service: number })[];
  readonly moments: readonly Moment[];
}

/** Points of a chart, at most. */
const MOMENTS = 720;

/** Runs one policy over one load, message by message, second by second. Equal options give equal results. */
export function simulateScaling(options: SimulationOptions): SimulationResult {
  const { load, seconds, grain, slots, services, policy } = options;
  if (slots % grain !== 0) throw new RangeError(`grain must divide the slots of a task (${slots}), got ${grain}`);
  // A source of chance for each part, so that two policies meet the same arrivals.
  const random = (part: number) => new Random(options.seed * 16 + part);
  const metrics = new Metrics();
  const fleet = new Fleet(slots / grain, random(1));
  const work = new Work(
    fleet,
    new Arrivals(load, random(2), grain, seconds),
    agentTimer(options, random(3)),
    Math.floor(IN_FLIGHT_MAX / grain),
  );
  const quota = new LaunchQuota();
  const initial = options.initialTasks ?? steadyTasks(options);
  const ecs = Array.from({ length: services }, () => {
    const tasks = Math.min(policy.maxTasks, Math.max(policy.minTasks, initial));
    return new EcsService(fleet, quota, random(4), options.ecs, tasks);
  });
  const scalers = ecs.map(() => new Autoscaler(policy, metrics, options.metricDelaySeconds));
  const publisher = new Publisher(metrics, random(5), {
    ...options.publisher,
    slots,
    agentSeconds: options.agentSeconds,
  });

  const pending: { readonly at: number; readonly service: number; readonly tasks: number }[] = [];
  const activities: SimulationResult["activities"][number][] = [];
  const moments: Moment[] = [];
  const every = Math.max(1, Math.ceil(seconds / MOMENTS));
  const desired = () => ecs.reduce((sum, service) => sum + service.desiredTasks, 0);
  let taskSeconds = 0;
  let highestTasks = 0;
  let interrupted = 0;

  for (let second = 0; second < seconds; second++) {
    quota.refill(1);
    for (const service of ecs) {
      const lost = service.tick(second);
      interrupted += lost;
      work.putBack(lost, second);
    }
    work.startWaiting(second);
    taskSeconds += fleet.billedTasks;
    highestTasks = Math.max(highestTasks, fleet.billedTasks);
    work.run(second + 1);

    const now = second + 1;
    publisher.tick(second, {
      visible: work.backlog.size * grain,
      busySlots: fleet.busySlots * grain,
      desiredTasks: desired(),
      runningTasks: fleet.runningTasks,
      anyEnded: work.ended > 0,
    });
    for (const [service, scaler] of scalers.entries()) {
      const waiting = pending.findLast((order) => order.service === service);
      const activity = scaler.tick(now, waiting?.tasks ?? ecs[service]!.desiredTasks);
      if (!activity) continue;
      activities.push({ ...activity, second: now, service });
      pending.push({ at: now + options.actionDelaySeconds, service, tasks: activity.desiredTasks });
    }
    while (pending.length > 0 && pending[0]!.at <= now) {
      const order = pending.shift()!;
      ecs[order.service]!.desiredTasks = order.tasks;
    }
    if (now % every === 0) {
      moments.push({
        second: now,
        arrivalsPerSecond: load.rateAt(second),
        waiting: work.backlog.size * grain,
        desiredTasks: desired(),
        runningTasks: fleet.runningTasks,
        waitSeconds: work.takeRecentMax(),
        slotDemand: metrics.over("SlotDemand", now - Math.max(every, 10), now, "Average"),
      });
    }
  }
  const messages = work.arrived * grain;
  const unfinished = work.backlog.size * grain;
  countUnfinished(work, fleet, options);
  const stops = (key: keyof EcsService["stops"]) => ecs.reduce((sum, service) => sum + service.stops[key], 0);
  const { waits } = work;
  let previous = initial;
  const outs = activities.filter(({ desiredTasks, service }) => {
    const grew = services === 1 ? desiredTasks > previous : desiredTasks > 0 && service >= 0;
    previous = desiredTasks;
    return grew;
  }).length;
  return {
    policy: policy.name,
    messages,
    unfinished,
    waitSeconds: {
      mean: waits.mean,
      p50: waits.quantile(0.5),
      p95: waits.quantile(0.95),
      p99: waits.quantile(0.99),
      max: waits.max,
    },
    taskHours: taskSeconds / 3600,
    leastTaskHours: (messages * options.agentSeconds) / slots / 3600,
    highestTasks,
    scaleOuts: outs,
    scaleIns: activities.length - outs,
    busyTasksKilled: stops("busyTasksKilled"),
    busyTasksStopped: stops("busyTasksStopped"),
    interruptedMessages: interrupted * grain,
    spotTasksLost: stops("spotTasksLost"),
    activities,
    moments,
  };
}

/** What is still waiting at the end would start, in turn, as the last fleet's slots come free. */
function countUnfinished(work: Work, fleet: Fleet, { seconds, agentSeconds }: SimulationOptions): void {
  const perSecond = (fleet.runningTasks * fleet.slotsPerTask) / agentSeconds;
  for (let place = 1; work.backlog.size > 0; place++) {
    const more = perSecond === 0 ? 0 : place / perSecond;
    work.waits.add(seconds - work.backlog.take() + more);
  }
}

/** Tasks of one service that the first rate needs at the policy's target. */
function steadyTasks({ load, agentSeconds, slots, services, policy }: SimulationOptions): number {
  const tracking = policy.policies.find(
    (each) => each.kind === "targetTracking" && each.query.kind === "statistic" && each.query.metric === "SlotDemand",
  );
  const target = tracking?.kind === "targetTracking" ? tracking.target / 100 : STEADY_SHARE;
  return Math.ceil((load.rateAt(0) * agentSeconds) / slots / target / services);
}

/** How full a fleet is at the start under a policy that doesn't say. */
const STEADY_SHARE = 0.8;

function agentTimer({ agentSeconds, agentTimes, agentVariation }: SimulationOptions, random: Random): () => number {
  switch (agentTimes) {
    case "constant":
      return () => agentSeconds;
    case "exponential":
      return () => agentSeconds * random.exponential();
    case "lognormal":
      return () => agentSeconds * random.lognormal(agentVariation);
  }
}
