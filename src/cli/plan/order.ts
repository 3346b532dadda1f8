import type { PlanInput } from "../../scaling/plan.js";
import { PRICES } from "../../scaling/prices.js";
import { CALLS_PER_MESSAGE } from "../../scaling/task-price.js";
import type { Typed } from "../command-line.js";
import { pricesOf } from "../input-file.js";
import { budgetOf } from "../simulate/budget-option.js";
import { choiceOf } from "../simulate/choice.js";
import { fleetOptionsOf } from "../simulate/fleet-options.js";

/** What is to be planned, and the row that is chosen among its alternatives. */
export interface Order {
  readonly input: PlanInput;
  readonly slots: number;
}

/** Numbers of slots that are laid beside the chosen one. */
const ALTERNATIVES = [1, 10, 20, 50, 100];

/** Services that infra/root.yaml can put on one queue. */
const SERVICES_MAX = 3;

/** @throws UsageError naming the option that is out of bounds. */
export async function orderOf(typed: Typed): Promise<Order> {
  const slots = typed.integer("slots", 1, 1000) ?? 20;
  const rate = typed.number("rate", 0.001, 1_000_000) ?? 100;
  return {
    slots,
    input: {
      messagesPerSecond: rate,
      meanMessagesPerSecond: typed.number("mean-rate", 0, rate) ?? rate,
      ...fleetOptionsOf(typed),
      budget: budgetOf(typed),
      targetPercent: typed.number("target", 50, 110) ?? 100,
      agentMemoryMiB: typed.integer("agent-memory", 1, 122_880) ?? 16,
      agentCpuSeconds: typed.number("agent-cpu-seconds", 0, 43_200) ?? 0.01,
      services: typed.integer("services", 1, SERVICES_MAX) ?? 1,
      lambdaMemoryMiB: typed.integer("lambda-memory", 128, 10_240) ?? 128,
      slotsPerTask: [...new Set([...ALTERNATIVES, slots])].sort((a, b) => a - b),
      prices: await pricesOf(typed, PRICES),
      messageBytes: typed.integer("message-bytes", 1, 1_048_576) ?? 1000,
      callsPerMessage: typed.number("calls-per-message", 0.01, 10) ?? CALLS_PER_MESSAGE,
      queue: choiceOf(typed, "queue", ["standard", "fair", "fifo"], "standard"),
      metricsIntervalSeconds: 10,
      logBytesPerMessage: typed.integer("log-bytes", 0, 1_048_576) ?? 0,
      network: {
        kind: choiceOf(typed, "network", ["nat", "endpoints", "public"], "nat"),
        zones: typed.integer("zones", 1, 6) ?? 3,
      },
    },
  };
}
