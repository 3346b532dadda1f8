// Sends sample messages to SQS_QUEUE_URL: one every half second for ten minutes.
import { setTimeout as sleep } from "node:timers/promises";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const INTERVAL_MS = 500;
const SAMPLES = 1200;
/** One in so many messages asks the sample agent to fail. */
const FAILING_EACH = 20;

const sqs = new SQSClient({ endpoint: process.env.AWS_ENDPOINT_URL });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(0));

for (let n = 1; n <= SAMPLES; n++) {
  const data = n % FAILING_EACH === 0 ? { error_trigger: true } : { work_ms: Math.round(100 + Math.random() * 1400) };
  const MessageBody = JSON.stringify({ task_id: String(n), data });
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.SQS_QUEUE_URL, MessageBody }));
  if (n % 20 === 0) console.log(`sent ${n} messages`);
  await sleep(INTERVAL_MS);
}
