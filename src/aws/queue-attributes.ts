import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";

/** What a queue says of itself; undefined where it didn't. */
export interface QueueAttributes {
  readonly arn: string | undefined;
  readonly fifo: boolean;
  readonly visibilityTimeoutSeconds: number | undefined;
  readonly retentionSeconds: number | undefined;
  readonly delaySeconds: number | undefined;
  /** From the RedrivePolicy. */
  readonly maxReceiveCount: number | undefined;
  readonly deadLetterArn: string | undefined;
  /** Approximate counts: SQS says so, and means it. */
  readonly counts: QueueCounts;
}

export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** Asks a queue for its attributes; throws what the SDK throws. */
export async function queueAttributes(
  client: SQSClient,
  queueUrl: string,
  abortSignal: AbortSignal,
): Promise<QueueAttributes> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] });
  const { Attributes: given = {} } = await client.send(command, { abortSignal });
  const redrive = redrivePolicy(given.RedrivePolicy);
  return {
    arn: given.QueueArn,
    fifo: given.FifoQueue === "true" || queueUrl.endsWith(".fifo"),
    visibilityTimeoutSeconds: numberOf(given.VisibilityTimeout),
    retentionSeconds: numberOf(given.MessageRetentionPeriod),
    delaySeconds: numberOf(given.DelaySeconds),
    maxReceiveCount: numberOf(redrive.maxReceiveCount),
    deadLetterArn: typeof redrive.deadLetterTargetArn === "string" ? redrive.deadLetterTargetArn : undefined,
    counts: {
      visible: numberOf(given.ApproximateNumberOfMessages) ?? 0,
      inFlight: numberOf(given.ApproximateNumberOfMessagesNotVisible) ?? 0,
      delayed: numberOf(given.ApproximateNumberOfMessagesDelayed) ?? 0,
    },
  };
}

/** The three counts alone. */
export async function queueCounts(client: SQSClient, queueUrl: string, abortSignal: AbortSignal): Promise<QueueCounts> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: queueUrl,
    AttributeNames: [
      "ApproximateNumberOfMessages",
      "ApproximateNumberOfMessagesNotVisible",
      "ApproximateNumberOfMessagesDelayed",
    ],
  });
  const { Attributes: given = {} } = await client.send(command, { abortSignal });
  return {
    visible: numberOf(given.ApproximateNumberOfMessages) ?? 0,
    inFlight: numberOf(given.ApproximateNumberOfMessagesNotVisible) ?? 0,
    delayed: numberOf(given.ApproximateNumberOfMessagesDelayed) ?? 0,
  };
}

/** The URL of a queue that is known by its ARN; throws what the SDK throws. */
export async function urlOfArn(client: SQSClient, arn: string, abortSignal: AbortSignal): Promise<string | undefined> {
  const [, , , , account, name] = arn.split(":");
  const command = new GetQueueUrlCommand({ QueueName: name, ...(account && { QueueOwnerAWSAccountId: account }) });
  return (await client.send(command, { abortSignal })).QueueUrl;
}

/**
 * The URL that a queue in the same region has, made of a neighbour's: for roles that may not ask. SQS puts account and
 * name at the end of every URL.
 */
export function neighbourUrl(queueUrl: string, arn: string): string | undefined {
  const [, , , , account, name] = arn.split(":");
  if (!account || !name) return undefined;
  return queueUrl.replace(/\/[^/]+\/[^/]+$/, `/${account}/${name}`);
}

function redrivePolicy(text: string | undefined): Record<string, unknown> {
  try {
    return (JSON.parse(text ?? "{}") ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function numberOf(value: unknown): number | undefined {
  const number = Number(value ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}
