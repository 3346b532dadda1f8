/*
 * What the page is told of the hour and the day before (`/api/history`), and with each tick; times as in `api.ts`.
 */

/** The series of the histories, each with one value a step. Counts are of the step itself, a day's too. */
export const SERIES = [
  "received",
  "done",
  "retry",
  "reject",
  "defer",
  "interrupted",
  "leaseLost",
  "waiting",
  "inFlight",
  "delayed",
  "deadLetters",
  "buffered",
  "busy",
  "slots",
  "tasks",
  "firstTryP50",
  "firstTryP95",
  "firstTryP99",
  "inQueueP50",
  "inQueueP99",
  "agentP50",
  "agentP99",
] as const;

export type SeriesName = (typeof SERIES)[number];

/** One step of a history. */
export interface Step {
  /** Its end. */
  readonly at: number;
  readonly values: Readonly<Record<SeriesName, number | null>>;
}

export type HistoryRange = "hour" | "day";

/** Steps of a second for an hour, or of a minute for a day; oldest first. */
export interface History {
  readonly range: HistoryRange;
  readonly stepSeconds: number;
  /** The end of each step. */
  readonly at: readonly number[];
  readonly series: Readonly<Record<SeriesName, readonly (number | null)[]>>;
}
