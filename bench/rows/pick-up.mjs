import { Agent, request } from "node:http";
import { Contestant, monotonicMs, sleep, startServer } from "../contestant.mjs";
import { quantile } from "../medians.mjs";

const SLOTS = 10;
const MESSAGES = 250;
const WARM_UP_MESSAGES = 50;
const GAP_MS = 12;
const SETTLE_MS = 500;

/**
 * An idle contestant and one message at a time on the embedded server: from just before SendMessage until the agent
 * starts. The sender is a bare HTTP request, so that the SDK's cost is the contestant's alone.
 */
export async function pickUp(name) {
  const server = await startServer("embedded-server.mjs");
  const contestant = new Contestant(name, server.url, { CONCURRENCY: String(SLOTS), BENCH_AGENT: "instant" });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await send(agent, server.url);
    await contestant.until("start of an agent", () => contestant.events().length > 0);
    await sleep(SETTLE_MS);
    const sentAt = new Map();
    for (let number = 0; number < MESSAGES + WARM_UP_MESSAGES; number++) {
      const at = monotonicMs();
      const id = await send(agent, server.url);
      if (number >= WARM_UP_MESSAGES) sentAt.set(id, at);
      await sleep(GAP_MS);
    }
    const startsOf = () => contestant.events().filter(({ kind, id }) => kind === "start" && sentAt.has(id));
    await contestant.until("start of every agent", () => startsOf().length >= sentAt.size);
    const waits = startsOf().map(({ id, at }) => at - sentAt.get(id));
    return { p50Ms: quantile(waits, 0.5), p99Ms: quantile(waits, 0.99) };
  } finally {
    agent.destroy();
    await contestant.end();
    server.stop();
  }
}

/** Sends one message and resolves to its id. */
function send(agent, url) {
  const body = JSON.stringify({ QueueUrl: url, MessageBody: '{"task_id":"42","data":{}}' });
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "AmazonSQS.SendMessage",
    "content-length": Buffer.byteLength(body),
    authorization:
      "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
  };
  return new Promise((resolve, reject) => {
    const sending = request(new URL("/", url), { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        const { MessageId } = JSON.parse(text);
        if (MessageId) resolve(MessageId);
        else reject(new Error(`SendMessage was answered with ${text}`));
      });
    });
    sending.once("error", reject);
    sending.end(body);
  });
}
