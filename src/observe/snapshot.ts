import type { OutcomeKind } from "../pipeline/ports/outcome.js";
import type { WithoutRun } from "../pipeline/ports/telemetry.js";
import type { Histogram } from "./histogram.js";

/** A distribution in milliseconds; all 0 when nothing was recorded. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Sums since the start; each is a number of messages unless it says otherwise. */
export interface Totals {
  /** Receives that were answered, empty ones included. */
  receives: number;
  received: number;
  started: number;
  ended: number;
  settled: Record<OutcomeKind, number>;
  /** Settled, but not surely carried out before the lease ended: the message may come again. */
  uncertain: number;
  /** Certainly done, rejected, or given up with a copy: gone from the queue by our hand. */
  gone: number;
  /** Copied to the dead-letter queue by us; those that SQS moves by itself are not among them. */
  deadLettered: number;
  /** Made visible again without an outcome. */
  released: number;
  /** Receives that no run followed, by cause. */
  withoutRun: Record<WithoutRun, number>;
  /** Times that a failed delivery was tried again under its lease; `settled.retry` counts those that went back to the queue. */
  retriedHere: number;
  /** Times that a delivery was held back here to run again later; `settled.defer` counts those that ended so. */
  deferred: number;
  /** Times that a provider took no call, and the message waited under its lease. */
  busy: number;
  /** Receives that failed. */
  receiveErrors: number;
  /** Batch entries whose delete, visibility change or dead-letter copy failed, each try counted. */
  settleErrors: number;
  extendErrors: number;
  leasesLost: number;
  /** Agents that ran on after their abort. */
  abortsIgnored: number;
  /** Times that an agent's process died of itself, or was killed for an excess. */
  crashes: number;
  oddAnswers: number;
  /** Services that refused our own wire and are called by the SDK's client since. */
  transportChanges: number;
  /** Deliveries whose idempotency key was finished, at work, or used with another payload. */
  repeats: number;
  /** Runs whose idempotency key was taken over meanwhile. */
  resultsDiscarded: number;
}

/** What the counters say at one moment; plain and JSON-able. */
export interface Snapshot extends Readonly<Totals> {
  /** Deliveries whose agent ran and whose outcome is settled, whatever it was. */
  readonly handled: number;
  /** Messages handled in a second, over about the last ten seconds. */
  readonly handledPerSecond: number;
  /** Milliseconds from sent to agent started. */
  readonly inQueueMs: Distribution;
  /** Milliseconds from agent started to agent ended. */
  readonly agentMs: Distribution;
  readonly elapsedSeconds: number;
}

/** What a histogram of milliseconds says, in a line's worth of numbers. */
export function distributionOf(histogram: Histogram): Distribution {
  return {
    count: histogram.count,
    mean: rounded(histogram.mean),
    p50: rounded(histogram.quantile(0.5)),
    p95: rounded(histogram.quantile(0.95)),
    p99: rounded(histogram.quantile(0.99)),
  };
}

const rounded = (value: number) => Math.round(value * 10) / 10;
