import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../pipeline/clock.js";
import { LeaseTable } from "../pipeline/lease-table.js";
import type { Queue } from "../pipeline/queue.js";
import { VisibilityExtender } from "../pipeline/visibility-extender.js";
import type { LeaseThreadData, LeaseThreadMessage } from "./lease-keeper.js";

/** The extender's thread: a client and an event loop of its own, which no agent can block. */
const { buffer, queueUrl, visibilityTimeoutSeconds } = workerData as LeaseThreadData;
const tell = (message: LeaseThreadMessage) => parentPort!.postMessage(message);

// Loaded when the first lease is due: short agents never need it, and it is half of the thread's memory.
let queue: Promise<Queue> | undefined;
async function openQueue(): Promise<Queue> {
  const { SqsQueue } = await import("./sqs-queue.js");
  return new SqsQueue({ queueUrl, visibilityTimeoutSeconds });
}

new VisibilityExtender({
  queue: {
    async changeVisibility(changes, signal) {
      queue ??= openQueue();
      return (await queue).changeVisibility(changes, signal);
    },
  },
  leases: new LeaseTable(buffer),
  clock: systemClock,
  visibilityTimeoutSeconds,
  events: {
    lost: (index, generation, reason) => tell({ kind: "lost", index, generation, reason }),
    failed: (count, error) =>
      tell({ kind: "failed", count, error: error instanceof Error ? error.message : String(error) }),
  },
}).start();
