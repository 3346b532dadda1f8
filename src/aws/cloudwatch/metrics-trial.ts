import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { PATIENCE } from "../wire/answer.js";
import { sdkOptions } from "../wire/sdk-options.js";
import { type Trial, trial } from "../wire/trial.js";

/** Tries to publish no metrics, which CloudWatch must refuse, and nobody could store. */
export async function tryMetrics(region: string | undefined, Namespace: string, signal: AbortSignal): Promise<Trial> {
  const client = new CloudWatchClient(await sdkOptions({ region }, PATIENCE));
  try {
    return await trial("cloudwatch:PutMetricData", `namespace ${Namespace}`, () =>
      client.send(new PutMetricDataCommand({ Namespace, MetricData: [] }), { abortSignal: signal }),
    );
  } finally {
    client.destroy();
  }
}
