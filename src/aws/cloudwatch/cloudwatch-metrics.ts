import type { CloudWatchClient, MetricDatum, PutMetricDataCommandInput } from "@aws-sdk/client-cloudwatch";
import type { Metric, MetricsSink, Publication } from "../../pipeline/ports/metrics.js";
import { type SdkTarget, sdkOptions } from "../wire/sdk-options.js";

/** Most metrics in one PutMetricData. */
const METRICS_MAX = 1_000;
/** One call may have 1 MB. A value with its count takes some 20 bytes and a metric's frame 250, so this stays below. */
const VALUES_MAX = 20_000;
/** Finer figures say nothing, and are most of a call's size. */
const DIGITS = 6;
/** The limit of an answer is the signal's: who gave it knows then that none came. */
const PATIENCE = { attempts: 2, connectTimeoutMs: 1_000 };

/**
 * Publishes metrics by PutMetricData, with as few calls as its limits allow: one, for all that a task ever has to say.
 * The SDK's client is imported with the first publication, as a worker's start must not wait for it.
 */
export class CloudWatchMetrics implements MetricsSink {
  readonly #options: SdkTarget;
  #client: Promise<CloudWatchClient> | undefined;

  constructor(options: SdkTarget = {}) {
    this.#options = options;
  }

  async publish(publication: Publication, signal: AbortSignal): Promise<void> {
    const { PutMetricDataCommand } = await import("@aws-sdk/client-cloudwatch");
    this.#client ??= makeClient(this.#options);
    const client = await this.#client;
    for (const input of putMetricDataInputs(publication)) {
      await client.send(new PutMetricDataCommand(input), { abortSignal: signal });
    }
  }

  /** Closes the sockets. Harmless twice, and before the first publication. */
  async close(): Promise<void> {
    (await this.#client)?.destroy();
  }
}

async function makeClient(target: SdkTarget): Promise<CloudWatchClient> {
  const { CloudWatchClient } = await import("@aws-sdk/client-cloudwatch");
  return new CloudWatchClient(await sdkOptions(target, PATIENCE));
}

/** The calls that carry a publication. */
export function putMetricDataInputs({ namespace, queueName, at, metrics }: Publication): PutMetricDataCommandInput[] {
  const inputs: { Namespace: string; MetricData: MetricDatum[] }[] = [];
  let room = 0;
  for (const metric of metrics) {
    const current = inputs.at(-1);
    if (!current || metric.values.length > room || current.MetricData.length === METRICS_MAX) {
      inputs.push({ Namespace: namespace, MetricData: [] });
      room = VALUES_MAX;
    }
    room -= metric.values.length;
    inputs.at(-1)!.MetricData.push(datumOf(metric, queueName, new Date(at)));
  }
  return inputs;
}

function datumOf(
  { name, unit, outcome, budget, values, counts, resolution }: Metric,
  queueName: string,
  at: Date,
): MetricDatum {
  return {
    MetricName: name,
    Dimensions: [
      { Name: "QueueName", Value: queueName },
      ...(outcome === undefined ? [] : [{ Name: "Outcome", Value: outcome }]),
      ...(budget === undefined ? [] : [{ Name: "Budget", Value: budget }]),
    ],
    Unit: unit,
    Timestamp: at,
    StorageResolution: resolution,
    Values: values.map((value) => Number(value.toPrecision(DIGITS))),
    Counts: [...counts],
  };
}
