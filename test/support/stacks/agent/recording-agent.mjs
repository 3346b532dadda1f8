// Works for a while, then tells a queue which task has finished which message.
import { setTimeout as sleep } from "node:timers/promises";

/** Unsigned, which the emulator doesn't mind: the agent then needs no SDK. */
async function tell(queueUrl, record) {
  const response = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessage" },
    body: JSON.stringify({ QueueUrl: queueUrl, MessageBody: JSON.stringify(record) }),
  });
  if (!response.ok) throw new Error(`the record was answered ${response.status}: ${await response.text()}`);
}

export default async function recordingAgent({ body, sentAt }, { signal }) {
  const startedAt = Date.now();
  await sleep(body.work_ms, undefined, { signal });
  await tell(body.records, { id: body.id, host: process.env.HOSTNAME, sentAt, startedAt });
}
