import type { Counters } from "./counters.js";
import type { Histogram } from "./histogram.js";
import type { Totals } from "./snapshot.js";

/** What a task's counters said at one moment. */
export interface Reading {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly totals: Totals;
  readonly inQueueMs: Histogram;
  readonly agentMs: Histogram;
  readonly budgetWaitMs: Histogram;
}

/** Copies what the counters say at this moment. */
export function readCounters(counters: Counters, at: number): Reading {
  const { totals } = counters;
  return {
    at,
    totals: { ...totals, settled: { ...totals.settled } },
    inQueueMs: counters.inQueueMs.copy(),
    agentMs: counters.agentMs.copy(),
    budgetWaitMs: counters.budgetWaitMs.copy(),
  };
}
