import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../pipeline/clock.js";
import { LeaseTable } from "../pipeline/lease-table.js";
import { VisibilityExtender } from "../pipeline/visibility-extender.js";
import type { LeaseThreadData, LeaseThreadMessage } from "./lease-keeper.js";
import { SqsQueue } from "./sqs-queue.js";

/** The extender's thread: a client and an event loop of its own, which no agent can block. */
const { buffer, queueUrl, visibilityTimeoutSeconds } = workerData as LeaseThreadData;
const tell = (message: LeaseThreadMessage) => parentPort!.postMessage(message);

new VisibilityExtender({
  queue: new SqsQueue({ queueUrl, visibilityTimeoutSeconds }),
  leases: new LeaseTable(buffer),
  clock: systemClock,
  visibilityTimeoutSeconds,
  events: {
    lost: (index, generation, reason) => tell({ kind: "lost", index, generation, reason }),
    failed: (count, error) =>
      tell({ kind: "failed", count, error: error instanceof Error ? error.message : String(error) }),
  },
}).start();
