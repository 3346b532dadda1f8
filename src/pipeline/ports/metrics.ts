import type { OutcomeKind } from "./outcome.js";

/** One metric of one moment or interval: distinct values and how often each occurred. */
export interface Metric {
  readonly name: string;
  readonly unit: "Count" | "Seconds" | "Percent";
  /** The second dimension, besides the queue's name. */
  readonly outcome?: OutcomeKind;
  /** The second dimension of a budget's metrics. */
  readonly budget?: string;
  /** At most METRIC_VALUES_MAX; finite. */
  readonly values: readonly number[];
  /** As many as `values`, each above 0. */
  readonly counts: readonly number[];
  /** Seconds; 1 where an alarm of ten seconds reads the metric, as finer storage is of no use elsewhere. */
  readonly resolution: 1 | 60;
}

/** Most distinct values that PutMetricData takes for one metric. */
export const METRIC_VALUES_MAX = 150;

/** What one task publishes at once. */
export interface Publication {
  readonly namespace: string;
  readonly queueName: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly metrics: readonly Metric[];
}

/** Where metrics go. Rejects when they were not taken; an aborted signal ends the wait. */
export interface MetricsSink {
  publish(publication: Publication, signal: AbortSignal): Promise<void>;
}

/** Numbers of messages on a queue, as the queue tells them: approximately. */
export interface Backlog {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** A queue that can be asked for its backlog; one API call each time. */
export interface CountedQueue {
  counts(signal: AbortSignal): Promise<Backlog>;
}

/** Tasks of a service: how many are wanted, and how many run. */
export interface Fleet {
  readonly desired: number;
  readonly running: number;
}

/** Asks for the fleet that this task belongs to; undefined where nobody knows. At most one API call each time. */
export interface FleetSize {
  read(signal: AbortSignal): Promise<Fleet | undefined>;
}
