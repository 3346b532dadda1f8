import type { Metric, MetricsSink, Publication } from "../pipeline/ports/metrics.js";

/** Most metrics that one line may define. */
const METRICS_MAX = 100;
/** Most values of one metric in a line. */
const VALUES_MAX = 100;

/**
 * Publishes metrics as lines in CloudWatch's embedded metric format, for log drivers that feed CloudWatch Logs, which
 * makes metrics of them. Thinned like every publication; such lines cost log ingestion instead of PutMetricData calls,
 * and are lost where the log driver loses lines.
 *
 * The format takes lists of at most 100 values and no counts: of a distribution of more, a line has 100 that stand for
 * it evenly. Its percentiles are right then, its SampleCount is 100.
 */
export class EmfMetrics implements MetricsSink {
  readonly #write: (line: string) => void;

  /** @param write takes one line, its end included; the log's own output, so that lines never run into each other. */
  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  async publish(publication: Publication): Promise<void> {
    for (const line of emfLines(publication)) this.#write(line);
  }
}

/** The lines of a publication: one for all metrics of the same dimensions. */
export function emfLines({ namespace, queueName, at, metrics }: Publication): string[] {
  const lines: string[] = [];
  for (const group of Map.groupBy(metrics, ({ outcome = "", budget = "" }) => `${outcome}/${budget}`).values()) {
    const { outcome, budget } = group[0]!;
    for (let from = 0; from < group.length; from += METRICS_MAX) {
      const some = group.slice(from, from + METRICS_MAX);
      const dimensions = {
        QueueName: queueName,
        ...(outcome === undefined ? {} : { Outcome: outcome }),
        ...(budget === undefined ? {} : { Budget: budget }),
      };
      const definition = {
        Namespace: namespace,
        Dimensions: [Object.keys(dimensions)],
        Metrics: some.map(({ name, unit, resolution }) => ({ Name: name, Unit: unit, StorageResolution: resolution })),
      };
      const values = Object.fromEntries(some.map((metric) => [metric.name, valuesOf(metric)]));
      lines.push(
        `${JSON.stringify({ _aws: { Timestamp: at, CloudWatchMetrics: [definition] }, ...dimensions, ...values })}\n`,
      );
    }
  }
  return lines;
}

function valuesOf({ values, counts }: Metric): number | number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 1) return values[0]!;
  const taken = Math.min(total, VALUES_MAX);
  const picked: number[] = [];
  let index = 0;
  let passed = counts[0]!;
  for (let place = 0; place < taken; place++) {
    // The middle of each of `taken` equal parts.
    const rank = ((place + 0.5) * total) / taken;
    while (passed < rank) passed += counts[++index]!;
    picked.push(values[index]!);
  }
  return picked;
}
