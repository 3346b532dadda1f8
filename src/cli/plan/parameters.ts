import type { Plan } from "../../scaling/plan.js";
import type { Order } from "./order.js";

/** What infra/root.yaml and the templates that it nests take; a test compares these ladders with them. */
export const CONCURRENCY_LADDER = [1, 2, 4, 5, 8, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000];
export const MAX_TASKS_LADDER = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
export const AGENT_MEMORY_LADDER = [16, 64, 256, 1024];

/** The ceiling leaves room to work off a backlog while new messages arrive. */
const CEILING_FACTOR = 1.4;

/** The plan as parameters of infra/root.yaml, for the chosen number of slots in a task. */
export function templateParameters({ input, slots }: Order, plan: Plan): Record<string, string> {
  const { tasks } = plan.rows.find(({ slotsPerTask }) => slotsPerTask === slots)!;
  const ceiling = Math.ceil((tasks / input.services) * CEILING_FACTOR);
  const parameters = {
    Architecture: input.size.architecture,
    Cpu: input.size.cpuUnits,
    Memory: input.size.memoryMiB,
    AgentMemory: atLeast(AGENT_MEMORY_LADDER, input.agentMemoryMiB),
    Concurrency: atMost(CONCURRENCY_LADDER, slots),
    Services: input.services,
    MaxTasks: atLeast(MAX_TASKS_LADDER, ceiling),
    SpotWeight: spotWeight(input.spotShare),
    Kind: input.queue,
  };
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, String(value)]));
}

/** The template weighs Spot against 1 on demand. */
const spotWeight = (share: number) => Math.min(SPOT_WEIGHT_MAX, Math.round(share / (1 - share)));

const SPOT_WEIGHT_MAX = 1000;

const atLeast = (ladder: readonly number[], value: number) => ladder.find((rung) => rung >= value) ?? ladder.at(-1)!;
const atMost = (ladder: readonly number[], value: number) => ladder.findLast((rung) => rung <= value) ?? ladder[0]!;
