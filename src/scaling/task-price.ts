import type { Prices } from "./prices.js";

export type Architecture = "ARM64" | "X86_64";

/** What one task is, as Fargate sells it. */
export interface TaskSize {
  readonly architecture: Architecture;
  /** 1024 are one vCPU. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
}

/** US dollars for one task for one hour, of which `spotShare` (0..1) of the time on Spot. */
export function taskHourUsd(prices: Prices, size: TaskSize, spotShare: number): number {
  const { vcpuHour, gbHour } = prices.fargate[size.architecture];
  const onDemand = (size.cpuUnits / 1024) * vcpuHour + (size.memoryMiB / 1024) * gbHour;
  return onDemand * (1 - spotShare + spotShare * prices.fargate.spotShare);
}

/**
 * API calls a message of the worker, receives and deletes together: measured with two pollers that receive when ten
 * fit and batched deletes, 50 slots 93 % busy.
 */
export const CALLS_PER_MESSAGE = 0.21;
