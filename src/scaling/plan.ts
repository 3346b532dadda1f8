import { type Bill, type BillInput, lambdaBill, monthlyBill } from "./bill.js";
import { QUOTAS, type Quota, raiseCommand } from "./quotas.js";
import type { BudgetLimits } from "./start-gate.js";

/** What the worker itself needs of a task's memory. */
const WORKER_MIB = 256;

/** Messages that a task holds without an agent: about one second's worth, ten at least. */
const BUFFER_SECONDS = 1;

/** Addresses that AWS keeps of every subnet. */
const RESERVED_ADDRESSES = 5;

const HOUR_SECONDS = 3_600;

/** A deployment runs the old and the new tasks side by side. */
const DEPLOYMENT_FACTOR = 2;

export interface PlanInput extends Omit<BillInput, "tasks" | "messagesPerSecond"> {
  /** Highest rate that is to be served without a growing backlog, messages a second. */
  readonly messagesPerSecond: number;
  /** Mean over the month, for the bill. */
  readonly meanMessagesPerSecond: number;
  readonly agentSeconds: number;
  /** What the agents' provider takes of the whole fleet; undefined: all. */
  readonly budget?: BudgetLimits | undefined;
  /** TargetDemand: percent of its slots that the fleet is to use. */
  readonly targetPercent: number;
  readonly agentMemoryMiB: number;
  /** CPU time of one message, seconds. */
  readonly agentCpuSeconds: number;
  readonly startSeconds: number;
  readonly services: number;
  readonly lambdaMemoryMiB: number;
  /** Numbers of slots to lay side by side. */
  readonly slotsPerTask: readonly number[];
}

/** A limit that the plan meets, and how to raise it. */
export interface QuotaHit {
  readonly name: string;
  readonly needed: number;
  readonly initial: number;
  readonly raise: string;
}

/** The plan for one number of slots in a task. */
export interface PlanRow {
  readonly slotsPerTask: number;
  /** Why this many agents don't fit into a task; undefined where they do. */
  readonly obstacle: string | undefined;
  readonly tasks: number;
  readonly meanTasks: number;
  readonly vcpus: number;
  /** From nothing to all of them, with the launches that the quota allows. */
  readonly launchSeconds: number;
  /** Of each subnet, to hold two of these fleets during a deployment: /N. */
  readonly subnetPrefix: number;
  readonly addresses: number;
  readonly quotas: readonly QuotaHit[];
  readonly bill: Bill;
}

/** What a provider's limit makes of the plan. */
export interface PlannedBudget {
  /** Messages a second from which on the provider is the limit, and no task helps. */
  readonly messagesPerSecond: number;
  /** Messages a second that are left waiting at the highest rate. */
  readonly leftWaiting: number;
  /** What a message waits after an hour of that rate, seconds. */
  readonly waitAfterHourSeconds: number;
  /** Slots that can be used at all. */
  readonly slots: number;
}

export interface Plan {
  readonly budget: PlannedBudget | undefined;
  /** Little's law: agents that run at the same time. */
  readonly busySlots: number;
  /** The same with the target's headroom. */
  readonly slots: number;
  readonly inFlight: number;
  readonly mostSlotsByMemory: number;
  readonly mostSlotsByCpu: number;
  readonly rows: readonly PlanRow[];
  readonly lambdaUsd: number;
  readonly lambdaConcurrency: QuotaHit | undefined;
}

/** Sizes a fleet: pure arithmetic on what the caller says of the load and of one agent. */
export function planFleet(asked: PlanInput): Plan {
  const budget = budgetFor(asked);
  const most = budget?.messagesPerSecond ?? Number.POSITIVE_INFINITY;
  const input = {
    ...asked,
    messagesPerSecond: Math.min(asked.messagesPerSecond, most),
    meanMessagesPerSecond: Math.min(asked.meanMessagesPerSecond, most),
  };
  const busySlots = input.messagesPerSecond * input.agentSeconds;
  const slots = busySlots / (input.targetPercent / 100);
  const mostSlotsByMemory = Math.floor((input.size.memoryMiB - WORKER_MIB) / input.agentMemoryMiB);
  const busyCpusPerSlot = input.agentCpuSeconds / input.agentSeconds;
  const mostSlotsByCpu =
    busyCpusPerSlot === 0 ? Number.MAX_SAFE_INTEGER : Math.floor(input.size.cpuUnits / 1024 / busyCpusPerSlot);
  const inFlight = busySlots + input.messagesPerSecond * BUFFER_SECONDS;
  const rows = input.slotsPerTask.map((slotsPerTask): PlanRow => {
    const tasks = Math.ceil(slots / slotsPerTask);
    const meanTasks = Math.ceil(
      (input.meanMessagesPerSecond * input.agentSeconds) / (input.targetPercent / 100) / slotsPerTask,
    );
    const vcpus = (tasks * input.size.cpuUnits) / 1024;
    const addresses = tasks * DEPLOYMENT_FACTOR;
    return {
      slotsPerTask,
      obstacle: obstacleOf(slotsPerTask, mostSlotsByMemory, mostSlotsByCpu),
      tasks,
      meanTasks,
      vcpus,
      launchSeconds: (tasks / input.services / QUOTAS.launchesPerMinute.initial) * 60 + input.startSeconds,
      addresses,
      subnetPrefix: prefixFor(addresses / input.network.zones),
      quotas: hitsOf(tasks, vcpus, inFlight, input),
      bill: monthlyBill({ ...input, tasks: meanTasks, messagesPerSecond: input.meanMessagesPerSecond }),
    };
  });
  return {
    budget,
    busySlots,
    slots,
    inFlight,
    mostSlotsByMemory,
    mostSlotsByCpu,
    rows,
    lambdaUsd: lambdaBill(
      { ...input, messagesPerSecond: input.meanMessagesPerSecond },
      input.agentSeconds,
      input.lambdaMemoryMiB,
      1,
    ),
    lambdaConcurrency: hit(QUOTAS.lambdaConcurrency, busySlots),
  };
}

/** More slots than the provider's rate fills by Little's law, or than it allows at once, are never used. */
function budgetFor({ budget, agentSeconds, messagesPerSecond }: PlanInput): PlannedBudget | undefined {
  if (!budget) return undefined;
  const most = Math.min(budget.startsPerSecond, budget.atOnce / agentSeconds);
  const leftWaiting = Math.max(0, messagesPerSecond - most);
  const waitAfterHourSeconds = (leftWaiting * HOUR_SECONDS) / most;
  return { messagesPerSecond: most, leftWaiting, waitAfterHourSeconds, slots: most * agentSeconds };
}

function obstacleOf(slots: number, byMemory: number, byCpu: number): string | undefined {
  if (slots > byMemory) return `memory holds ${byMemory}`;
  return slots > byCpu ? `CPU keeps up with ${byCpu}` : undefined;
}

function hitsOf(tasks: number, vcpus: number, inFlight: number, input: PlanInput): QuotaHit[] {
  const { spotShare, services } = input;
  return [
    hit(QUOTAS.onDemandVcpus, vcpus * (1 - spotShare)),
    hit(QUOTAS.spotVcpus, vcpus * spotShare),
    hit(QUOTAS.tasksPerService, tasks / services, "or run more services on the queue (Services of root.yaml)"),
    hit(QUOTAS.inFlight, inFlight, "no request raises it: split the load over several queues"),
  ].filter((each) => each !== undefined);
}

/** Shares are no binary fractions: 9000.000000001 vCPUs are 9000. */
const ROUNDING = 1e-6;

function hit(quota: Quota, needed: number, otherwise = ""): QuotaHit | undefined {
  if (needed <= quota.initial) return undefined;
  const raise = [raiseCommand(quota, needed), otherwise].filter(Boolean).join("; ");
  return { name: quota.name, needed: Math.ceil(needed - ROUNDING), initial: quota.initial, raise };
}

/** The smallest subnet that holds so many tasks: /28 to /16, and 15 where no subnet does. */
function prefixFor(addresses: number): number {
  for (let prefix = 28; prefix >= 16; prefix--) {
    if (2 ** (32 - prefix) - RESERVED_ADDRESSES >= addresses) return prefix;
  }
  return 15;
}
