import type { BudgetStatus } from "./budget.js";
import type { DeliveryFacts } from "./telemetry.js";

/** What the worker is doing at this moment; read by health checks, metrics and the console. */
export interface WorkerStatus {
  readonly state: "idle" | "starting" | "running" | "draining" | "stopped";
  readonly slots: number;
  /** Slots whose agent hasn't really ended. */
  readonly busy: number;
  /** Received messages that wait for a slot. */
  readonly buffered: number;
  /** Received messages that wait under their lease for another run. */
  readonly heldBack?: number;
  /** Of the buffered ones, those that wait for budgets. */
  readonly unbudgeted?: number;
  readonly budgets?: readonly BudgetStatus[];
  /** Runs a second and at once that budgets allow the whole service; Infinity where they don't bound that. */
  readonly budgetLimits?: { readonly startsPerSecond: number; readonly atOnce: number };
  readonly openPolls: number;
  /** Ended runs whose outcome isn't carried out yet. */
  readonly settling: number;
  /** Copies to the dead-letter queue that aren't certain yet. */
  readonly copies?: number;
  /** Moving average of the agents' time, in seconds; 0 before the first has ended well. */
  readonly meanAgentSeconds: number;
  /** Most of the last agents failed, and messages go one at a time until some succeed. */
  readonly breakerOpen?: boolean;
  /** Monotonic milliseconds of the last receive that was answered; undefined before the first. */
  readonly lastReceiveOkAt: number | undefined;
}

/** A message in hand that budgets keep waiting. */
export interface Awaiting {
  readonly delivery: DeliveryFacts;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** The names of those that it waits for. */
  readonly budgets: readonly string[];
}
