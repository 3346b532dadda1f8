/** What the calls themselves cost: the same loop as on the SDK, over node:http, signed by a signer of one's own. */
import { createHmac, hash } from "node:crypto";
import { Agent, request } from "node:http";
import { work } from "../agent.mjs";
import { batchSize, loops, queueUrl, visibilitySeconds, waitSeconds } from "../terms.mjs";

const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = process.env;
const SIGNED_HEADERS = "content-type;host;x-amz-date;x-amz-target";
const CONTENT_TYPE = "application/x-amz-json-1.0";

const { hostname, port, host } = new URL(queueUrl);
const agent = new Agent({ keepAlive: true, maxSockets: loops });

let keyOfDay = {};

/** Signature Version 4's key, which holds for a day. */
function signingKey(day) {
  if (keyOfDay.day !== day) {
    const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
    keyOfDay = { day, key: [day, AWS_REGION, "sqs", "aws4_request"].reduce(hmac, `AWS4${AWS_SECRET_ACCESS_KEY}`) };
  }
  return keyOfDay.key;
}

function signed(target, body) {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const day = date.slice(0, 8);
  const scope = `${day}/${AWS_REGION}/sqs/aws4_request`;
  const canonical = `POST\n/\n\ncontent-type:${CONTENT_TYPE}\nhost:${host}\nx-amz-date:${date}\nx-amz-target:${target}\n\n${SIGNED_HEADERS}\n${hash("sha256", body)}`;
  const signature = createHmac("sha256", signingKey(day))
    .update(`AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash("sha256", canonical)}`)
    .digest("hex");
  return {
    host,
    "content-type": CONTENT_TYPE,
    "content-length": Buffer.byteLength(body),
    "x-amz-date": date,
    "x-amz-target": target,
    authorization: `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`,
  };
}

function call(action, input) {
  const body = JSON.stringify(input);
  const headers = signed(`AmazonSQS.${action}`, body);
  return new Promise((resolve, reject) => {
    const calling = request({ agent, hostname, port, path: "/", method: "POST", headers }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.once("error", reject);
      response.once("end", () => {
        const text = (pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)).toString();
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${action} was answered with ${response.statusCode}: ${text}`));
      });
    });
    calling.once("error", reject);
    calling.end(body);
  });
}

async function loop() {
  const receive = {
    QueueUrl: queueUrl,
    MaxNumberOfMessages: batchSize,
    WaitTimeSeconds: waitSeconds,
    VisibilityTimeout: visibilitySeconds,
  };
  while (true) {
    const { Messages: messages = [] } = await call("ReceiveMessage", receive);
    if (messages.length === 0) continue;
    await Promise.all(messages.map((message) => work(message.MessageId, message)));
    const { Failed: failed = [] } = await call("DeleteMessageBatch", {
      QueueUrl: queueUrl,
      Entries: messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    });
    if (failed.length > 0) throw new Error(`${failed.length} messages weren't deleted: ${failed[0].Message}`);
  }
}

process.on("SIGTERM", () => process.exit());
for (let count = 0; count < loops; count++) loop();
