import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { type Trial, trial } from "../wire/trial.js";

/** Resolutions are 1 and 60. */
const NO_RESOLUTION = 7;

/** Tries to publish a metric that CloudWatch must refuse. */
export async function tryMetrics(region: string | undefined, Namespace: string, signal: AbortSignal): Promise<Trial> {
  const client = new CloudWatchClient({ ...(region && { region }), maxAttempts: 2 });
  const StatisticValues = { SampleCount: 1, Sum: 1, Minimum: 1, Maximum: 1 };
  // A value and statistics contradict each other, besides the resolution that there is none of.
  const MetricData = [{ MetricName: "Doctor", Value: 1, StatisticValues, StorageResolution: NO_RESOLUTION }];
  try {
    return await trial("cloudwatch:PutMetricData", `namespace ${Namespace}`, () =>
      client.send(new PutMetricDataCommand({ Namespace, MetricData }), { abortSignal: signal }),
    );
  } finally {
    client.destroy();
  }
}
