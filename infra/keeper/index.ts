import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeServicesCommand, ECSClient } from "@aws-sdk/client-ecs";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { systemClock } from "../../src/pipeline/ports/clock.js";
import { QueueKeeper } from "./queue-keeper.js";

/** The function of keeper.yaml, called once a minute. Ends before the next call, or it would be called beside itself. */
const WATCH_MS = 55_000;
/** CloudWatch keeps such values for each second; the alarm that wakes a service reads periods of 10 seconds. */
const HIGH_RESOLUTION_SECONDS = 1;

const env = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: keeper.yaml sets it`);
  return value;
};

const sqs = new SQSClient();
const ecs = new ECSClient();
const cloudWatch = new CloudWatchClient();

const keeper = new QueueKeeper({
  clock: systemClock,
  async counts() {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: env("QUEUE_URL"),
        AttributeNames: [
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesNotVisible",
          "ApproximateNumberOfMessagesDelayed",
        ],
      }),
    );
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
    };
  },
  async desiredTasks() {
    const { services = [] } = await ecs.send(
      new DescribeServicesCommand({ cluster: env("CLUSTER_NAME"), services: env("SERVICE_NAMES").split(",") }),
    );
    return services.reduce((sum, { desiredCount = 0 }) => sum + desiredCount, 0);
  },
  async publish(metrics) {
    const Dimensions = [{ Name: "QueueName", Value: env("QUEUE_NAME") }];
    await cloudWatch.send(
      new PutMetricDataCommand({
        Namespace: env("METRICS_NAMESPACE"),
        MetricData: Object.entries(metrics).map(([MetricName, Value]) => ({
          MetricName,
          Value,
          Dimensions,
          Unit: MetricName === "SlotDemand" ? "Percent" : "Count",
          StorageResolution: HIGH_RESOLUTION_SECONDS,
        })),
      }),
    );
  },
});

export const handler = (): Promise<void> => keeper.watch(WATCH_MS);
