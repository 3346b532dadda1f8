import type { LeaseTable } from "../lease/lease-table.js";
import type { Clock } from "../ports/clock.js";
import { Delivery, type Telling } from "../ports/delivery.js";
import type { ReceivedMessage } from "../ports/queue.js";
import type { Telemetry } from "../ports/telemetry.js";

export interface AdmissionOptions {
  readonly leases: LeaseTable;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** What facts about a delivery tell. */
  readonly telling: Telling;
  /** Takes each delivery. */
  readonly take: (delivery: Delivery) => void;
  /** Told of messages for which there is no room at all, not even a lease. */
  readonly onOverflow: (messages: readonly ReceivedMessage[]) => void;
}

/** Makes deliveries of what a receive brought, each with a lease of its own. */
export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** `leaseFrom` (monotonic milliseconds) is when SQS may have begun to hide them. */
  accept(messages: readonly ReceivedMessage[], leaseFrom: number, visibilityTimeoutSeconds: number): void {
    const { leases, clock, telemetry, telling, take, onOverflow } = this.#options;
    const now = clock.monotonic();
    const overflow: ReceivedMessage[] = [];
    for (const message of messages) {
      const lease = leases.hold(message.handle, leaseFrom, leaseFrom + visibilityTimeoutSeconds * 1000);
      if (!lease) {
        overflow.push(message);
        continue;
      }
      const delivery = new Delivery(message, lease, now, telling);
      lease.onLost = (reason) => {
        telemetry({ kind: "leaseLost", delivery: delivery.facts, reason });
        delivery.onLeaseLost?.(reason);
      };
      take(delivery);
    }
    if (overflow.length > 0) onOverflow(overflow);
  }
}
