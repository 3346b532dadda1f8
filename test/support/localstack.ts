import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from "testcontainers";
import { reaching } from "./run-settings.js";

/** The last version that starts without a token. */
const IMAGE = "localstack/localstack:4.14.0";
const PORT = 4566;
const ALIAS = "localstack";
const BATCH_MAX = 10;

export interface QueuePair {
  readonly name: string;
  /** As containers in the network see it. */
  readonly url: string;
  readonly deadLetterUrl: string;
}

/** Messages on a queue: to be had, in somebody's hands, not yet to be had. */
export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** A LocalStack of a test's own, in a network in which its name is `localstack`. */
export class LocalStack {
  /** Names the address under which containers in the network reach it. */
  static readonly upstream = `${ALIAS}:${PORT}`;

  static async start(): Promise<LocalStack> {
    const network = await new Network().start();
    const container = await new GenericContainer(IMAGE)
      .withNetwork(network)
      .withNetworkAliases(ALIAS)
      .withEnvironment({ SERVICES: "sqs,cloudwatch", EAGER_SERVICE_LOADING: "1" })
      .withExposedPorts(PORT)
      .withWaitStrategy(Wait.forHttp("/_localstack/health", PORT))
      .withStartupTimeout(120_000)
      .start();
    return new LocalStack(network, container);
  }

  readonly sqs: SQSClient;
  readonly cloudWatch: CloudWatchClient;

  private constructor(
    readonly network: StartedNetwork,
    private readonly container: StartedTestContainer,
  ) {
    const client = {
      endpoint: `http://${container.getHost()}:${container.getMappedPort(PORT)}`,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
    this.sqs = new SQSClient(client);
    this.cloudWatch = new CloudWatchClient(client);
  }

  async stop(): Promise<void> {
    this.sqs.destroy();
    this.cloudWatch.destroy();
    await this.container.stop();
    await this.network.stop();
  }

  /** The environment of a worker in the network that polls `queue`. */
  settings(queue: QueuePair): Record<string, string> {
    return {
      ...reaching(`http://${LocalStack.upstream}`),
      SQS_QUEUE_URL: queue.url,
      HANDLER: "./examples/task-agent.mjs",
      POLL_INTERVAL_SECONDS: "1",
      VISIBILITY_TIMEOUT: "15",
      METRICS: "off",
      LOG_LEVEL: "debug",
    };
  }

  /** Makes a queue and its dead-letter queue. */
  async createQueues(name: string, { maxReceiveCount = 5 } = {}): Promise<QueuePair> {
    const url = (queue: string) => `http://${LocalStack.upstream}/000000000000/${queue}`;
    const deadLetters = `${name}-dlq`;
    await this.sqs.send(new CreateQueueCommand({ QueueName: deadLetters }));
    const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:${deadLetters}`;
    await this.sqs.send(
      new CreateQueueCommand({
        QueueName: name,
        Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) },
      }),
    );
    return { name, url: url(name), deadLetterUrl: url(deadLetters) };
  }

  async deleteQueue(url: string): Promise<void> {
    await this.sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
  }

  /** Sends tasks to the sample agent; each works for `workMs`. */
  async sendTasks(queue: QueuePair, taskIds: readonly string[], workMs: number): Promise<void> {
    for (let from = 0; from < taskIds.length; from += BATCH_MAX) {
      const Entries = taskIds.slice(from, from + BATCH_MAX).map((task_id, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify({ task_id, data: { work_ms: workMs } }),
      }));
      const { Failed = [] } = await this.sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
      if (Failed.length > 0) throw new Error(`${Failed.length} messages were not sent: ${Failed[0]?.Message}`);
    }
  }

  async counts(url: string): Promise<QueueCounts> {
    const { Attributes = {} } = await this.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
    };
  }

  /** Waits until the counts of a queue are as `wanted`; rejects with the last ones after `timeoutMs`. */
  countsBecome(url: string, wanted: QueueCounts, timeoutMs = 60_000): Promise<void> {
    return becomes(() => this.counts(url), wanted, timeoutMs);
  }

  /** Waits until CloudWatch knows the metrics of a queue that are `wanted`, by name, and no others. */
  metricsBecome(queueName: string, wanted: readonly string[], timeoutMs = 60_000): Promise<void> {
    const names = async () => {
      const command = new ListMetricsCommand({
        Namespace: "Queuehand",
        Dimensions: [{ Name: "QueueName", Value: queueName }],
      });
      const { Metrics = [] } = await this.cloudWatch.send(command);
      return [...new Set(Metrics.map(({ MetricName }) => MetricName))].sort();
    };
    return becomes(names, wanted, timeoutMs);
  }
}

async function becomes<Value>(ask: () => Promise<Value>, wanted: Value | readonly string[], timeoutMs: number) {
  const startedAt = performance.now();
  for (;;) {
    const value = JSON.stringify(await ask());
    if (value === JSON.stringify(wanted)) return;
    if (performance.now() - startedAt > timeoutMs) throw new Error(`${value}, still not ${JSON.stringify(wanted)}`);
    await sleep(200);
  }
}

/** The counts of a queue on which nothing is left. */
export const EMPTY: QueueCounts = { visible: 0, inFlight: 0, delayed: 0 };
