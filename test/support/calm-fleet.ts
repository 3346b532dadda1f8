import type { SimulationOptions } from "../../src/scaling/simulator.js";

/** What a simulation of a fleet takes for granted where nothing is lost, late or missing. */
export const CALM_FLEET = {
  agentTimes: "constant",
  agentVariation: 0,
  services: 1,
  ecs: {
    launchesPerMinute: 500,
    startSeconds: 45,
    startVariation: 0,
    drainSeconds: 110,
    protection: "off",
    spotShare: 0,
    spotLossPerHour: 0,
  },
  publisher: {
    intervalSeconds: 10,
    targetDelaySeconds: 30,
    drainBacklogSeconds: 300,
    agentTimeError: 1,
    countNoise: 0,
    missingShare: 0,
    desiredLagSeconds: 0,
    leadSeconds: 1,
    jitterSeconds: 1,
  },
  actionDelaySeconds: 1,
} as const satisfies Partial<SimulationOptions>;
