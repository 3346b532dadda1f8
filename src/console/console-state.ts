import type { OutcomeKind } from "../pipeline/ports/outcome.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import type { WithoutRun } from "../pipeline/ports/telemetry.js";
import type { ConsoleEvent } from "./event-ring.js";
import type { Curves } from "./history.js";
import type { Quantiles } from "./recent-times.js";

/** What only the queue knows. */
export interface QueueCounts {
  /** Messages that anybody may receive at this moment. */
  readonly waiting: number;
  readonly deadLetters?: number;
}

/** Sums since the start that the console shows, as the counters name them. */
export interface ConsoleTotals {
  readonly settled: Readonly<Record<OutcomeKind, number>>;
  readonly uncertain: number;
  readonly released: number;
  readonly withoutRun: Readonly<Record<WithoutRun, number>>;
  readonly retriedHere: number;
  readonly deferred: number;
  readonly receiveErrors: number;
  readonly settleErrors: number;
  readonly extendErrors: number;
  readonly leasesLost: number;
  readonly abortsIgnored: number;
  readonly crashes: number;
  readonly oddAnswers: number;
}

/** What `/console/state` answers. What isn't known is left out. */
export interface ConsoleState {
  readonly queueName: string;
  /** Milliseconds since the epoch; another one is another worker. */
  readonly startedAt: number;
  readonly now: number;
  readonly worker: Omit<WorkerStatus, "lastReceiveOkAt">;
  readonly queue?: QueueCounts;
  readonly handled: number;
  readonly handledPerSecond: number;
  /** From sent to agent started, in about the last minute, repeated tries included. */
  readonly inQueueMs?: Quantiles;
  /** From agent started to agent ended, in about the last minute. */
  readonly agentMs?: Quantiles;
  readonly totals: ConsoleTotals;
  /** Agents that run on at this moment although they were aborted. */
  readonly hungAgents: number;
  readonly receiveTrouble?: { readonly cause: string; readonly seconds: number };
  /** There while it is open: of how many agents how many failed. */
  readonly breaker?: { readonly failures: number; readonly of: number };
  readonly history: Curves;
  /** Oldest first. */
  readonly events: readonly ConsoleEvent[];
  /** Events that were too many to keep. */
  readonly eventsLeftOut: number;
}
