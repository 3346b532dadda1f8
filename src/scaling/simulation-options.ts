import type { AgentTiming } from "./agent-timing.js";
import { type ArrivalMoments, Arrivals } from "./arrivals.js";
import type { EcsServiceOptions } from "./ecs-service.js";
import type { Load } from "./load.js";
import type { ScalingDefinition } from "./policy.js";
import type { PublisherOptions } from "./publisher.js";
import { Random } from "./random.js";
import type { BudgetLimits } from "./start-gate.js";

export interface SimulationOptions extends AgentTiming {
  readonly load: Load;
  /** Length of the run. */
  readonly seconds: number;
  readonly policy: ScalingDefinition;
  /** Slots of one task. */
  readonly slots: number;
  /** Services on the queue, each with its own copy of the policy; floor and ceiling are those of one. */
  readonly services: number;
  /** Tasks of each service at the start; undefined: what the first rate needs at the policy's target. */
  readonly initialTasks: number | undefined;
  readonly ecs: EcsServiceOptions;
  readonly publisher: Omit<PublisherOptions, "slots" | "agentSeconds" | "budget">;
  /** What the agents' provider lets the fleet do; undefined: all. */
  readonly budget?: BudgetLimits | undefined;
  /** From the end of a period until its alarm is evaluated. */
  readonly metricDelaySeconds: number;
  /** From the alarm until ECS knows the new desired count. */
  readonly actionDelaySeconds: number;
  /** Messages simulated as one; must divide `slots`. */
  readonly grain: number;
  /** Equal seeds, equal runs. */
  readonly seed: number;
}

/** How full a fleet is at the start under a policy that tracks no SlotDemand. */
const STEADY_SHARE = 0.8;

/** Each part has a source of chance of its own. */
export const sourceOf = ({ seed }: SimulationOptions, part: number) => new Random(seed * 16 + part);

/** The arrivals that the load brings. */
export function arrivalsOf(options: SimulationOptions): ArrivalMoments {
  return new Arrivals(options.load, sourceOf(options, 2), options.grain, options.seconds);
}

/** Tasks of one service that the first rate needs at the policy's target. */
export function steadyTasks({ load, agentSeconds, slots, services, policy }: SimulationOptions): number {
  let share = STEADY_SHARE;
  for (const each of policy.policies) {
    if (each.kind !== "targetTracking" || each.query.kind !== "statistic") continue;
    if (each.query.metric === "SlotDemand") share = each.target / 100;
  }
  return Math.ceil((load.rateAt(0) * agentSeconds) / slots / share / services);
}
