import type { QueueAttributes } from "../aws/sqs/queue-attributes.js";
import type { Config } from "../config/config.js";

/** What follows for the user from a queue that has no dead-letter queue; undefined where it has one. */
export function withoutDeadLetters(
  { deadLetterArn }: Pick<QueueAttributes, "deadLetterArn">,
  { deadLetterQueueUrl }: Pick<Config, "deadLetterQueueUrl">,
): string | undefined {
  if (deadLetterArn || deadLetterQueueUrl) return undefined;
  return "the queue has no dead-letter queue: what fails is retried until its retention ends";
}
