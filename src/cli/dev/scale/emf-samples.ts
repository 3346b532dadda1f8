import { METRIC_NAMES, type MetricName } from "../../../scaling/metric-name.js";

/** One value of a metric that a worker published. */
export interface Sample {
  readonly metric: MetricName;
  /** Epoch milliseconds of the fleet's clock. */
  readonly wallMs: number;
  readonly value: number;
}

/** The metrics that scaling reads out of one parsed log line; none where it is no publication (METRICS=emf). */
export function samplesOf(line: Readonly<Record<string, unknown>>): Sample[] {
  const { Timestamp: wallMs } = (line._aws ?? {}) as { readonly Timestamp?: unknown };
  if (typeof wallMs !== "number") return [];
  return METRIC_NAMES.flatMap((metric) => {
    const values = [line[metric]].flat();
    return values.flatMap((value) => (typeof value === "number" ? [{ metric, wallMs, value }] : []));
  });
}
