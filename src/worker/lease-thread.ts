import { parentPort, workerData } from "node:worker_threads";
import { ClaimExtender } from "../pipeline/lease/claim-extender.js";
import { ClaimTable } from "../pipeline/lease/claim-table.js";
import { LeaseTable } from "../pipeline/lease/lease-table.js";
import { VisibilityExtender } from "../pipeline/lease/visibility-extender.js";
import { systemClock } from "../pipeline/ports/clock.js";
import type { IdempotencyTable } from "../pipeline/ports/idempotency.js";
import type { Queue } from "../pipeline/ports/queue.js";
import { described, words } from "../pipeline/ports/thrown.js";
import type { LeaseThreadData, LeaseThreadMessage, SharedClaims } from "./lease-keeper.js";
import { transportsOf } from "./transports.js";

/** The extenders' thread: clients and an event loop of its own, which no agent can block. */
const { buffer, queueUrl, visibilityTimeoutSeconds, transports: settings, claims } = workerData as LeaseThreadData;
const tell = (message: LeaseThreadMessage) => parentPort!.postMessage(message);
const transports = transportsOf(settings, (service, refused) =>
  tell({ kind: "transportChanged", service, error: words(refused) }),
);

// Loaded when the first lease is due: short agents never need it, and it is half of the thread's memory.
let queue: Promise<Queue> | undefined;
async function openQueue(): Promise<Queue> {
  const { SqsQueue } = await import("../aws/sqs/sqs-queue.js");
  return new SqsQueue({ queueUrl, visibilityTimeoutSeconds, transport: transports.SQS });
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
    failed: (count, error) => tell({ kind: "failed", count, error: described(error).message }),
  },
}).start();

if (claims) renewClaims(claims);

function renewClaims(shared: SharedClaims): void {
  // As well only when the first claim is due.
  let table: Promise<IdempotencyTable> | undefined;
  const openTable = async () => {
    const [{ DynamoDbIdempotency }, { defaultTarget }] = await Promise.all([
      import("../aws/dynamodb/dynamodb-idempotency.js"),
      import("../aws/dynamodb/default-target.js"),
    ]);
    return new DynamoDbIdempotency({ ...shared.table, ...defaultTarget(shared.table.region, transports.DynamoDB) });
  };
  new ClaimExtender({
    table: {
      async renew(claim, until, signal) {
        table ??= openTable();
        return (await table).renew(claim, until, signal);
      },
    },
    claims: new ClaimTable(shared.buffer),
    clock: systemClock,
    leaseSeconds: visibilityTimeoutSeconds,
    events: {
      lost: (index, generation, reason) => tell({ kind: "claimLost", index, generation, reason }),
      failed: (error) => tell({ kind: "claimsFailed", error: described(error).message }),
      recovered: () => tell({ kind: "claimsRecovered" }),
    },
  }).start();
}
