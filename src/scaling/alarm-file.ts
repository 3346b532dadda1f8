import { parseMetricMath } from "./metric-math.js";
import { METRIC_NAMES, type MetricName, type Statistic } from "./metric-name.js";
import type { MetricQuery } from "./metric-query.js";
import type { AlarmDefinition } from "./policy.js";
import type { Properties } from "./properties.js";

/** Reads an AWS::CloudWatch::Alarm. @throws TemplateError or MetricMathError for what isn't simulated. */
export function alarmOf(id: string, alarm: Properties): AlarmDefinition {
  if (alarm.has("ExtendedStatistic"))
    throw alarm.fault(`the statistic ${alarm.text("ExtendedStatistic")} is not simulated`);
  const { query, periodSeconds } = alarm.has("Metrics")
    ? mathOf(alarm)
    : { query: queryOf(alarm, "Statistic"), periodSeconds: alarm.number("Period") };
  if (!SHORT_PERIODS.includes(periodSeconds) && periodSeconds % 60 !== 0) {
    throw alarm.fault(`Period must be 10, 20, 30 or a multiple of 60, got ${periodSeconds}`);
  }
  const evaluationPeriods = alarm.number("EvaluationPeriods");
  const comparison = alarm.choice("ComparisonOperator", [
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
  ]);
  return {
    name: id,
    query,
    periodSeconds,
    evaluationPeriods,
    datapointsToAlarm: alarm.optionalNumber("DatapointsToAlarm") ?? evaluationPeriods,
    threshold: alarm.number("Threshold"),
    comparison: comparison.replace("ToThreshold", "").replace("Threshold", "") as AlarmDefinition["comparison"],
    missingData: alarm.has("TreatMissingData")
      ? alarm.choice("TreatMissingData", ["missing", "ignore", "breaching", "notBreaching"])
      : "missing",
  };
}

/** Periods below a minute that an alarm may have. */
const SHORT_PERIODS = [10, 20, 30];

/** An alarm's list of metrics: statistics by id and the one expression whose value counts. */
function mathOf(alarm: Properties): { query: MetricQuery; periodSeconds: number } {
  const inputs: Record<string, MetricQuery> = {};
  const expressions: { readonly id: string; readonly text: string }[] = [];
  const periods = new Set<number>();
  for (const each of alarm.list("Metrics")) {
    if (each.has("MetricStat")) {
      const stat = each.part("MetricStat");
      periods.add(stat.number("Period"));
      const metric = stat.part("Metric");
      inputs[each.text("Id")] = { kind: "statistic", metric: metricOf(metric), statistic: statisticOf(stat, "Stat") };
    } else {
      expressions.push({ id: each.text("Id"), text: each.text("Expression") });
    }
  }
  if (expressions.length !== 1) throw alarm.fault(`one expression is simulated, got ${expressions.length}`);
  if (periods.size !== 1) throw alarm.fault(`the metrics of an alarm have one period, got ${[...periods].join(", ")}`);
  const expression = parseMetricMath(expressions[0]!.text);
  for (const id of expression.ids) if (!inputs[id]) throw alarm.fault(`the expression reads ${id}, which is not there`);
  return { query: { kind: "math", expression, inputs }, periodSeconds: [...periods][0]! };
}

/** Reads a metric with its statistic, which stands under `statisticKey`. @throws TemplateError for one that isn't simulated. */
export function queryOf(properties: Properties, statisticKey: string): MetricQuery {
  if (properties.has("Metrics")) throw properties.fault("target tracking on metric math is not simulated");
  return { kind: "statistic", metric: metricOf(properties), statistic: statisticOf(properties, statisticKey) };
}

function metricOf(properties: Properties): MetricName {
  const metric = properties.text("MetricName");
  if ((METRIC_NAMES as readonly string[]).includes(metric)) return metric as MetricName;
  throw properties.fault(`the metric ${metric} is not simulated; ${METRIC_NAMES.join(", ")} are`);
}

function statisticOf(properties: Properties, key: string): Statistic {
  return properties.choice(key, ["Average", "Maximum", "Minimum", "Sum", "SampleCount"]);
}
