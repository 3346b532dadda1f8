import type { Delivery } from "../ports/delivery.js";
import type { Telemetry } from "../ports/telemetry.js";

/**
 * Everything in this worker's hands that hasn't ended, by message id: so that a message that SQS gives out again while
 * we hold it is never worked on twice at once.
 */
export class InHand {
  readonly #held = new Map<string, Delivery>();
  /** Received again after its lease was lost: may start when the run that lost it has ended. */
  readonly #successors = new Map<string, Delivery>();

  constructor(private readonly telemetry: Telemetry) {}

  /** True if the delivery is the only one of its message and may go on; else it has been joined to the one in hand. */
  admit(delivery: Delivery): boolean {
    const { id } = delivery.message;
    const known = this.#held.get(id);
    if (!known) {
      this.#held.set(id, delivery);
      return true;
    }
    // A run that lost its lease was aborted, and what it leaves undone is for the next.
    if (known.running && known.lease.lost) this.#succeed(id, delivery);
    else this.#join(known, delivery);
    return false;
  }

  /** Deliveries whose agents run. */
  running(): Delivery[] {
    return [...this.#held.values()].filter((delivery) => delivery.running);
  }

  /** Monotonic milliseconds at which each of these agents began. */
  *runningSince(): Iterable<number> {
    for (const { startedAt } of this.#held.values()) if (startedAt !== undefined) yield startedAt;
  }

  /** Forgets a delivery that has ended or was released; returns the one that waited for that, if any. */
  end(delivery: Delivery): Delivery | undefined {
    const { id } = delivery.message;
    if (this.#held.get(id) !== delivery) return undefined;
    this.#held.delete(id);
    const successor = this.#successors.get(id);
    this.#successors.delete(id);
    return successor;
  }

  /** Forgets and returns those that wait for another run of their message to end. */
  clearSuccessors(): Delivery[] {
    const waiting = [...this.#successors.values()];
    this.#successors.clear();
    return waiting;
  }

  #succeed(id: string, delivery: Delivery): void {
    const earlier = this.#successors.get(id);
    if (earlier) this.#join(earlier, delivery);
    else this.#successors.set(id, delivery);
  }

  /** Only the newest receipt handle is good: the older delivery goes on with it. */
  #join(older: Delivery, newer: Delivery): void {
    this.telemetry({ kind: "released", delivery: older.facts, cause: "again", reason: "received again" });
    older.adopt(newer);
  }
}
