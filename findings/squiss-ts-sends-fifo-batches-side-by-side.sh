#!/usr/bin/env bash
# squiss-ts 5.6.0 (npm), with @aws-sdk/client-sqs 3.1169.0 against fauxqs 1.9.2.
#
# One would expect: sendMessages() with more than ten messages of one FIFO group puts them into the queue in the
# order of the array; that is what a FIFO queue and its group are for, and the library has options for both.
# What is: it cuts the array into batches of ten and sends all of them at once. Which batch the queue numbers first
# is left to the network: here the first request is 300 ms late, and messages 11 to 20 come out before 1 to 10.
# Whom it hurts: producers that replay events of one entity. All tests with ten messages or fewer pass, and on a
# quiet network most longer ones as well. Send such arrays ten at a time, awaiting each call.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$dir" \
  squiss-ts@5.6.0 @aws-sdk/client-sqs@3.1169.0 @aws-sdk/client-s3@3.1069.0 fauxqs@1.9.2 >/dev/null

cat >order.mjs <<'JS'
import { CreateQueueCommand, ReceiveMessageCommand, SQS } from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";
import { Squiss } from "squiss-ts";

const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
const sqs = new SQS({
  region: "us-east-1",
  endpoint: `http://127.0.0.1:${server.port}`,
  useQueueUrlAsEndpoint: false,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});
const { QueueUrl } = await sqs.send(
  new CreateQueueCommand({ QueueName: "events.fifo", Attributes: { FifoQueue: "true" } }),
);

let batches = 0;
sqs.middlewareStack.add(
  (next, context) => async (args) => {
    const first = context.commandName === "SendMessageBatchCommand" && ++batches === 1;
    if (first) await new Promise((resolve) => setTimeout(resolve, 300)); // a slow connection
    return next(args);
  },
  { step: "finalizeRequest" },
);
const squiss = new Squiss({ queueUrl: QueueUrl, SQS: sqs });
const bodies = Array.from({ length: 20 }, (_, index) => String(index + 1));
const attributes = bodies.map((body) => ({ FIFO_MessageGroupId: "order-7", FIFO_MessageDeduplicationId: body }));
await squiss.sendMessages(bodies, undefined, attributes);

const order = [];
while (order.length < bodies.length) {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { Body, ReceiptHandle } of Messages) {
    order.push(Body);
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
  }
}
console.log(`sent: ${bodies.join(" ")}\ncame: ${order.join(" ")}`);
process.exit(order[0] === "11" && order[10] === "1" ? 0 : 1);
JS
timeout 60 node order.mjs 2>"$dir/errors" || { cat "$dir/errors"; echo "changed: batches come in order"; exit 1; } >&2
