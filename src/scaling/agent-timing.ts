import type { Random } from "./random.js";

/** How agents' times are spread around their mean. */
export type AgentTimes = "constant" | "exponential" | "lognormal";

/** How long agents take. */
export interface AgentTiming {
  /** Their mean. */
  readonly agentSeconds: number;
  readonly agentTimes: AgentTimes;
  /** Coefficient of variation of log-normal agent times. */
  readonly agentVariation: number;
}

/** Draws the time of one agent, seconds. */
export function agentTimer({ agentSeconds, agentTimes, agentVariation }: AgentTiming, random: Random): () => number {
  switch (agentTimes) {
    case "constant":
      return () => agentSeconds;
    case "exponential":
      return () => agentSeconds * random.exponential();
    case "lognormal":
      return () => agentSeconds * random.lognormal(agentVariation);
  }
}
