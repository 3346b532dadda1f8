#!/usr/bin/env bash
# sqs-consumer 14.2.8 (npm), with @aws-sdk/client-sqs 3.1169.0 against a small server of this script's own.
#
# One would expect: a message that the queue refuses to delete is reported (an "error" event), for it will come again.
# What is: with handleMessageBatch it deletes by DeleteMessageBatch, whose answer is 200 even when entries failed,
# and never looks at the answer's Failed list. It emits "message_processed" for each message and no error. With
# handleMessage, which deletes one by one, the same refusal is an error event.
# Whom it hurts: who counts message_processed, or alarms on errors: an expired receipt on a FIFO queue, or throttling
# inside a batch, shows only as work that is done again and again.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$dir" \
  sqs-consumer@14.2.8 @aws-sdk/client-sqs@3.1169.0 >/dev/null

cat >delete.mjs <<'JS'
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

const MD5OfBody = createHash("md5").update("hello").digest("hex");
const refusal = "The receipt handle has expired.";
const answers = {
  ReceiveMessage: [200, { Messages: [{ MessageId: "m1", ReceiptHandle: "r1", Body: "hello", MD5OfBody }] }],
  DeleteMessage: [400, { __type: "com.amazonaws.sqs#ReceiptHandleIsInvalid", message: refusal }],
  DeleteMessageBatch: [
    200,
    { Successful: [], Failed: [{ Id: "m1", SenderFault: true, Code: "ReceiptHandleIsInvalid", Message: refusal }] },
  ],
};

async function eventsWith(handler) {
  const server = createServer((request, response) => {
    const [status, body] = answers[request.headers["x-amz-target"].split(".")[1]];
    response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${server.address().port}`;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const sqs = new SQSClient({ region: "us-east-1", endpoint, credentials });
  const consumer = Consumer.create({ queueUrl: `${endpoint}/000000000000/jobs`, sqs, ...handler });
  const seen = [];
  for (const name of ["message_processed", "error"]) consumer.on(name, () => seen.push(name));
  const polled = new Promise((resolve) => consumer.on("response_processed", resolve));
  consumer.start();
  await polled;
  consumer.stop();
  sqs.destroy();
  server.close();
  server.closeAllConnections();
  console.log(`${Object.keys(handler)[0]}: ${seen.join(", ")}`);
  return seen.join();
}

const single = await eventsWith({ handleMessage: async (message) => message });
const batch = await eventsWith({ handleMessageBatch: async (messages) => messages });
process.exit(single === "error" && batch === "message_processed" ? 0 : 1);
JS
timeout 60 node delete.mjs 2>"$dir/errors" || { cat "$dir/errors"; echo "changed: the events differ"; exit 1; } >&2
