/** squiss-ts as its README shows it: an event a message, `del()` when done, `stop` on SIGTERM. */
import { SQS } from "@aws-sdk/client-sqs";
import { Squiss } from "squiss-ts";
import { work } from "../agent.mjs";
import { heartbeat, pollers, queueUrl, slots, visibilitySeconds, waitSeconds } from "../terms.mjs";

const STOP_TIMEOUT_MS = 110_000;

const sqs = new SQS({});
const squisses = Array.from({ length: pollers }, () => {
  const squiss = new Squiss({
    SQS: sqs,
    queueUrl,
    receiveBatchSize: 10,
    receiveWaitTimeSecs: waitSeconds,
    maxInFlight: Math.max(1, Math.round(slots / pollers)),
    visibilityTimeoutSecs: visibilitySeconds,
    autoExtendTimeout: heartbeat,
    bodyFormat: "json",
  });
  squiss.on("message", async (message) => {
    await work(message.raw.MessageId);
    message.del();
  });
  squiss.on("error", (error) => console.error(error));
  squiss.start();
  return squiss;
});

process.on("SIGTERM", async () => {
  await Promise.all(squisses.map((squiss) => squiss.stop(false, STOP_TIMEOUT_MS)));
  process.exit();
});
