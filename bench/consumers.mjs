import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import { batchSize, heartbeat, loops, queueUrl, visibilitySeconds, waitSeconds } from "./terms.mjs";

const STOP_TIMEOUT_MS = 110_000;

/**
 * Starts sqs-consumer's consumers with `handler` and stops them on SIGTERM as its documentation says: with
 * `pollingCompleteWaitTimeMs`, or with `abort` where BENCH_STOP says so.
 */
export function startConsumers(handler) {
  const sqs = new SQSClient({});
  const consumers = Array.from({ length: loops }, () => {
    const consumer = Consumer.create({
      queueUrl,
      sqs,
      batchSize,
      waitTimeSeconds: waitSeconds,
      visibilityTimeout: visibilitySeconds,
      ...(heartbeat ? { heartbeatInterval: Math.max(1, Math.floor(visibilitySeconds / 3)) } : {}),
      pollingCompleteWaitTimeMs: STOP_TIMEOUT_MS,
      ...handler,
    });
    for (const kind of ["error", "processing_error", "timeout_error"]) {
      consumer.on(kind, (error) => console.error(error.message));
    }
    consumer.start();
    return consumer;
  });
  process.on("SIGTERM", async () => {
    const stopped = consumers.map((consumer) => new Promise((resolve) => consumer.once("stopped", resolve)));
    const abort = process.env.BENCH_STOP === "abort";
    for (const consumer of consumers) consumer.stop({ abort });
    await Promise.all(stopped);
    process.exit();
  });
}
