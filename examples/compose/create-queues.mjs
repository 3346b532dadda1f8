// Makes the queue that SQS_QUEUE_URL names and its dead-letter queue (NAME-dlq), waiting until the server answers.
import { setTimeout as sleep } from "node:timers/promises";
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";

const PATIENCE_MS = 120_000;
/** Every deploy that interrupts a message counts as a receive: fewer than five would make dead letters of them. */
const MAX_RECEIVE_COUNT = 5;

const sqs = new SQSClient({ endpoint: process.env.AWS_ENDPOINT_URL, maxAttempts: 1 });
const name = new URL(process.env.SQS_QUEUE_URL).pathname.split("/").at(-1);

async function create(QueueName, Attributes) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

async function createQueues() {
  const deadLetters = await create(`${name}-dlq`, { MessageRetentionPeriod: "1209600" });
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetters, AttributeNames: ["QueueArn"] }),
  );
  return create(name, {
    VisibilityTimeout: "30",
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: MAX_RECEIVE_COUNT }),
  });
}

const startedAt = Date.now();
for (;;) {
  try {
    console.log(`made ${await createQueues()}`);
    break;
  } catch (error) {
    if (Date.now() - startedAt > PATIENCE_MS) throw error;
    await sleep(500);
  }
}
