import { words } from "../../pipeline/ports/thrown.js";
import { type Answer, answerOf } from "../wire/answer.js";
import type { TransportSetting } from "../wire/transport.js";
import { TransportChoice } from "../wire/transport-choice.js";
import type { QueueCounts } from "./queue-description.js";
import { SqsQueue } from "./sqs-queue.js";

/** By what a worker's calls on its queue would go. */
export interface TransportTrial {
  readonly setting: TransportSetting;
  readonly way: "wire" | "sdk";
  /** What our own wire was told, where it took the SDK's client to be answered. */
  readonly refused: string | undefined;
  readonly answer: Answer<QueueCounts>;
}

/** Asks a queue for its counts as a worker does. Never rejects. */
export async function tryTransport(queueUrl: string, setting: TransportSetting): Promise<TransportTrial> {
  let refused: string | undefined;
  const transport = new TransportChoice(setting, (said) => {
    refused = words(said);
  });
  // Nothing is received, so that nothing is hidden.
  const queue = new SqsQueue({ queueUrl, visibilityTimeoutSeconds: 0, transport });
  try {
    const answer = await answerOf((signal) => queue.counts(signal));
    return { setting, way: transport.isSdk ? "sdk" : "wire", refused, answer };
  } finally {
    queue.close();
  }
}
