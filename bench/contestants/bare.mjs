/** The loop that one writes by hand: receive ten, work on them, delete them in one batch, again; several at once. */
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { work } from "../agent.mjs";
import { batchSize, loops, queueUrl, visibilitySeconds, waitSeconds } from "../terms.mjs";

const sqs = new SQSClient({});

async function loop() {
  while (true) {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: batchSize,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibilitySeconds,
      }),
    );
    if (messages.length === 0) continue;
    await Promise.all(messages.map((message) => work(message.MessageId, message)));
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  }
}

process.on("SIGTERM", () => process.exit());
for (let count = 0; count < loops; count++) loop();
