import type { AgentTiming } from "../../scaling/agent-timing.js";
import { type Option, type Typed, UsageError } from "../command-line.js";

/** What `simulate` and `dev --scale` both ask about the loop that scales, and the agents in it. */
export const LOOP_OPTIONS: readonly Option[] = [
  {
    name: "agent-times",
    value: "SHAPE",
    meaning: "constant, exponential, or lognormal:VARIATION (default: constant)",
  },
  { name: "slots", value: "N", meaning: "CONCURRENCY: slots of a task (default: 10)" },
  { name: "launches-per-minute", value: "N", meaning: "ECS's quota for one service (default: 500)" },
  { name: "policy", value: "FILE", meaning: "CloudFormation template to read (default: infra/scaling.yaml)" },
  { name: "target-delay", value: "SECONDS", meaning: "TARGET_DELAY_SECONDS (default: 30)" },
  { name: "drain-backlog", value: "SECONDS", meaning: "DRAIN_BACKLOG_SECONDS (default: 300)" },
  { name: "metric-delay", value: "SECONDS", meaning: "from the end of a period to its alarm (default: 3)" },
];

/** All of them but the policy, which has parameters besides. */
export interface LoopOptions extends Omit<AgentTiming, "agentSeconds"> {
  readonly slots: number;
  readonly launchesPerMinute: number;
  readonly targetDelaySeconds: number;
  readonly drainBacklogSeconds: number;
  readonly metricDelaySeconds: number;
}

/** @throws UsageError naming the option that is out of bounds. */
export function loopOptionsOf(typed: Typed): LoopOptions {
  return {
    ...agentTimesOf(typed),
    slots: typed.integer("slots", 1, 1000) ?? 10,
    launchesPerMinute: typed.integer("launches-per-minute", 1, 10_000) ?? 500,
    targetDelaySeconds: typed.integer("target-delay", 1, 3600) ?? 30,
    drainBacklogSeconds: typed.integer("drain-backlog", 30, 3600) ?? 300,
    metricDelaySeconds: typed.integer("metric-delay", 0, 600) ?? 3,
  };
}

/** @throws UsageError for a shape that isn't known. */
function agentTimesOf(typed: Typed): Omit<AgentTiming, "agentSeconds"> {
  const text = typed.text("agent-times") ?? "constant";
  if (text === "constant" || text === "exponential") return { agentTimes: text, agentVariation: 0 };
  const variation = /^lognormal:(\d+(?:\.\d+)?)$/.exec(text)?.[1];
  if (variation !== undefined) return { agentTimes: "lognormal", agentVariation: Number(variation) };
  throw new UsageError(`--agent-times must be constant, exponential or lognormal:VARIATION, got "${text}"`);
}
