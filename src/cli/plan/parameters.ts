import type { Plan } from "../../scaling/plan.js";
import type { Order } from "./order.js";

/** What infra/service.yaml and infra/scaling.yaml take; a test compares these ladders with the templates. */
export const CONCURRENCY_LADDER = [1, 2, 4, 5, 8, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000];
export const MAX_TASKS_LADDER = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
export const AGENT_MEMORY_LADDER = [16, 64, 256, 1024];

/** The ceiling leaves room to work off a backlog while new messages arrive. */
const CEILING_FACTOR = 1.4;

/** The plan as parameters of the templates, for the chosen number of slots in a task. */
export function templateParameters({ input, slots }: Order, plan: Plan): Record<string, string> {
  const { tasks } = plan.rows.find(({ slotsPerTask }) => slotsPerTask === slots)!;
  const spot = Math.round(input.spotShare * 100);
  const ceiling = Math.ceil((tasks / input.services) * CEILING_FACTOR);
  const parameters = {
    Architecture: input.size.architecture,
    Cpu: input.size.cpuUnits,
    Memory: input.size.memoryMiB,
    AgentMemory: atLeast(AGENT_MEMORY_LADDER, input.agentMemoryMiB),
    Concurrency: atMost(CONCURRENCY_LADDER, slots),
    OnDemandWeight: 100 - spot,
    SpotWeight: spot,
    MaxTasks: atLeast(MAX_TASKS_LADDER, ceiling),
    TargetDemand: input.targetPercent,
  };
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, String(value)]));
}

const atLeast = (ladder: readonly number[], value: number) => ladder.find((rung) => rung >= value) ?? ladder.at(-1)!;
const atMost = (ladder: readonly number[], value: number) => ladder.findLast((rung) => rung <= value) ?? ladder[0]!;
