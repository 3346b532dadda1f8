import type { Protection } from "../../../scaling/ecs-service.js";
import type { SimulationOptions } from "../../../scaling/simulator.js";
import type { ScaleOptions } from "./scale-options.js";

/** The fleet of `dev --scale` as the simulator knows one; its load is what arrives. */
export function simulationOf(options: ScaleOptions): Omit<SimulationOptions, "load" | "seconds" | "grain" | "seed"> {
  const { policy, slots, startSeconds, launchesPerMinute, spotShare } = options;
  const { agentSeconds, agentTimes, agentVariation } = options;
  return {
    ...{ policy, slots, agentSeconds, agentTimes, agentVariation },
    services: 1,
    initialTasks: options.initialTasks,
    ecs: {
      launchesPerMinute,
      startSeconds,
      startVariation: 0,
      drainSeconds: drainSecondsOf(options),
      protection: protectionOf(options),
      // The price is Spot's; no task is taken back.
      spotShare,
      spotLossPerHour: 0,
    },
    publisher: {
      intervalSeconds: 10,
      targetDelaySeconds: options.targetDelaySeconds,
      drainBacklogSeconds: options.drainBacklogSeconds,
      agentTimeError: 1,
      countNoise: 0,
      missingShare: 0,
      desiredLagSeconds: 0,
      leadSeconds: 1,
      jitterSeconds: 1,
    },
    metricDelaySeconds: options.metricDelaySeconds,
    actionDelaySeconds: 1,
  };
}

/** SHUTDOWN_TIMEOUT_SECONDS of the workers. */
export const drainSecondsOf = ({ stopTimeoutSeconds }: Pick<ScaleOptions, "stopTimeoutSeconds">) =>
  Math.max(1, stopTimeoutSeconds - STOP_MARGIN_SECONDS);

/** Whether tasks with an agent are protected from scale-in: where agents outlast half of a drain, as in `simulate`. */
export const protectionOf = (options: Pick<ScaleOptions, "stopTimeoutSeconds" | "agentSeconds">): Protection =>
  options.agentSeconds >= drainSecondsOf(options) / 2 ? "busy" : "off";

/** The drain is so much shorter than the stop timeout: 110 of 120. */
const STOP_MARGIN_SECONDS = 10;
