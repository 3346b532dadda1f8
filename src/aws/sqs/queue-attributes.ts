import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import {
  attributesOf,
  COUNT_ATTRIBUTES,
  countsOf,
  type QueueAttributes,
  type QueueCounts,
} from "./queue-description.js";

export type { QueueAttributes, QueueCounts } from "./queue-description.js";

/** Asks a queue for its attributes, by the SDK; throws what the SDK throws. */
export async function queueAttributes(
  client: SQSClient,
  queueUrl: string,
  abortSignal: AbortSignal,
): Promise<QueueAttributes> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] });
  const { Attributes = {} } = await client.send(command, { abortSignal });
  return attributesOf(Attributes, queueUrl);
}

/** The three counts alone. */
export async function queueCounts(client: SQSClient, queueUrl: string, abortSignal: AbortSignal): Promise<QueueCounts> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...COUNT_ATTRIBUTES] });
  const { Attributes = {} } = await client.send(command, { abortSignal });
  return countsOf(Attributes);
}
