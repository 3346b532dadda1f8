#!/usr/bin/env bash
# fauxqs 2.4.1 (npm), an SQS server in memory, called by @aws-sdk/client-sqs 3.1169.0.
#
# One would expect: it takes what SQS takes: #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF.
# What is: a body with any character of the last range is refused (InvalidMessageContents), since each half of its
# surrogate pair is looked at by itself; the refusal names the other ranges as all that is valid. In a batch the one
# entry fails alone, so a producer that doesn't read `Failed` never learns of it.
# Whom it hurts: tests and local development with names, chat or documents as people write them, which then see
# messages missing that the real queue would have had.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact fauxqs@2.4.1 @aws-sdk/client-sqs@3.1169.0
cat >try.mjs <<'JS'
import { CreateQueueCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";

const server = await startFauxqs({ port: 0, logger: false });
const client = new SQSClient({
  endpoint: `http://127.0.0.1:${server.port}`,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});
const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: "names" }));
const bodies = { "U+00E9": "é", "U+4E2D": "中", "U+20BB7, a name's": "𠮷", "U+1D11E": "𝄞" };
const refused = [];
for (const [name, MessageBody] of Object.entries(bodies)) {
  const end = await client.send(new SendMessageCommand({ QueueUrl, MessageBody })).then(
    () => "taken",
    (error) => error.name,
  );
  console.log(`${name}: ${end}`);
  if (end !== "taken") refused.push(name);
}
const Entries = Object.values(bodies).map((MessageBody, index) => ({ Id: String(index), MessageBody }));
const { Successful = [], Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
console.log(`in one batch: ${Successful.length} taken, ${Failed.length} not`);
client.destroy();
await server.stop();
const holds = refused.length === 2 && refused[0].startsWith("U+20BB7") && Successful.length === 2 && Failed.length === 2;
if (!holds) throw new Error("changed: fauxqs no longer behaves as the head of this file says");
JS
timeout 60 node try.mjs
