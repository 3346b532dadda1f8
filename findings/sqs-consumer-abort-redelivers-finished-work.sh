#!/usr/bin/env bash
# sqs-consumer 14.2.8 (npm), with @aws-sdk/client-sqs 3.1169.0 against fauxqs 1.9.2.
#
# One would expect: stop({ abort: true }) gives up the long poll, so that stopping takes no 20 seconds, and lets the
# handlers that are running end as usual; or it ends them as well.
# What is: the handlers run on to their end, but the one abort signal is also on the deletes, so a handler that ends
# after stop() can't have its message deleted, nor its visibility changed: the work is done and the message comes
# again. The "stopped" event is emitted at once, while the handler is still running.
# Whom it hurts: each rolling deployment with abort on runs twice what was in flight at that moment.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$dir" \
  sqs-consumer@14.2.8 @aws-sdk/client-sqs@3.1169.0 fauxqs@1.9.2 >/dev/null

cat >stop.mjs <<'JS'
import { once } from "node:events";
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";
import { Consumer } from "sqs-consumer";

async function messageLeftAfterStop(options) {
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  const sqs = new SQSClient({
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${server.port}`,
    useQueueUrlAsEndpoint: false,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const queue = { QueueName: "jobs", Attributes: { VisibilityTimeout: "2" } };
  const { QueueUrl: queueUrl } = await sqs.send(new CreateQueueCommand(queue));
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "charge the card" }));

  let finish;
  const work = new Promise((resolve) => (finish = resolve));
  let runs = 0;
  const consumer = Consumer.create({
    queueUrl,
    sqs,
    handleMessage: async (message) => {
      await work;
      runs += 1;
      return message;
    },
  });
  const errors = [];
  consumer.on("error", (error) => errors.push(error.message));
  const received = once(consumer, "message_received");
  const processed = new Promise((resolve) => consumer.on("response_processed", resolve));
  consumer.start();
  await received;
  let runsWhenStopped;
  consumer.on("stopped", () => (runsWhenStopped = runs));
  consumer.stop(options);
  finish();
  await processed;
  const again = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 4 }));
  await server.stop();
  sqs.destroy();
  const left = again.Messages?.length ?? 0;
  console.log(
    `stop(${JSON.stringify(options)}): runs when "stopped" ${runsWhenStopped}, runs in the end ${runs}, ` +
      `comes again ${left}, error: ${errors[0] ?? "none"}`,
  );
  return runsWhenStopped === 0 && runs === 1 ? left : Number.NaN;
}

const without = await messageLeftAfterStop({});
const withAbort = await messageLeftAfterStop({ abort: true });
process.exit(without === 0 && withAbort === 1 ? 0 : 1);
JS
timeout 60 node stop.mjs ||
  { echo "changed: sqs-consumer no longer behaves as the head of this file says" >&2; exit 1; }
