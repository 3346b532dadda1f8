import type { MathExpression } from "./metric-math.js";
import type { MetricName, Statistic } from "./metric-name.js";
import type { Metrics } from "./metric-series.js";

/** What an alarm or a target tracking looks at: a statistic of a metric, or metric math over such. */
export type MetricQuery =
  | { readonly kind: "statistic"; readonly metric: MetricName; readonly statistic: Statistic }
  | {
      readonly kind: "math";
      readonly expression: MathExpression;
      readonly inputs: Readonly<Record<string, MetricQuery>>;
    };

/** The value of a query over `from <= time < to`, seconds; undefined where data are missing. */
export function readQuery(query: MetricQuery, metrics: Metrics, from: number, to: number): number | undefined {
  switch (query.kind) {
    case "statistic":
      return metrics.over(query.metric, from, to, query.statistic);
    case "math":
      return query.expression.evaluate({ time: from, read: (id) => readQuery(query.inputs[id]!, metrics, from, to) });
  }
}

/** The metrics that a query reads, by name. */
export function metricsOf(query: MetricQuery): string {
  if (query.kind === "statistic") return query.metric;
  return [...new Set(Object.values(query.inputs).map(metricsOf))].join(", ");
}
