import type { Lease } from "./lease.js";
import type { ReceivedMessage } from "./queue.js";
import type { DeliveryFacts } from "./telemetry.js";

/** One receipt of one message, from the moment it is in our hands until it is settled or released. */
export class Delivery {
  #message: ReceivedMessage;
  #lease: Lease;
  #facts: DeliveryFacts | undefined;
  /** Called once if the lease is lost, with the reason; set by whoever works on the delivery. */
  onLeaseLost: ((reason: string) => void) | undefined;
  /** Monotonic milliseconds at which the agent that works on it began; undefined while none does. */
  startedAt: number | undefined;
  /** How often an agent has worked on it in this lease; never: its receive was spent without a run. */
  runs = 0;
  /** Monotonic milliseconds from which its wait for a slot counts. */
  waitsSince: number;
  /** How often its agent has deferred it in this lease. */
  deferrals = 0;
  /** Tries in this lease, beyond the one that its receive stands for. */
  #tries = 0;

  constructor(
    message: ReceivedMessage,
    lease: Lease,
    /** Monotonic milliseconds at which it came into our hands. */
    readonly receivedAt: number,
    /** Whether its facts carry the body: LOG_BODIES. */
    private readonly tellsBody = false,
  ) {
    this.#message = message;
    this.#lease = lease;
    this.waitsSince = receivedAt;
  }

  get message(): ReceivedMessage {
    return this.#message;
  }

  get lease(): Lease {
    return this.#lease;
  }

  get facts(): DeliveryFacts {
    if (!this.#facts) {
      const { id, receiveCount, groupId } = this.#message;
      // Frozen: all facts of the delivery share them, and a listener of the caller's own hears them too.
      this.#facts = Object.freeze({
        messageId: id,
        receiveCount,
        ...(groupId === undefined ? undefined : { groupId }),
        ...(this.tellsBody ? { body: this.#message.body } : undefined),
      });
    }
    return this.#facts;
  }

  get running(): boolean {
    return this.startedAt !== undefined;
  }

  /** How many of its receives were none, but tries in this lease. */
  get triesHere(): number {
    return this.#tries;
  }

  /** It is to be tried again in this lease, which counts as a receive. */
  countTry(): void {
    this.#tries++;
    this.#message = { ...this.#message, receiveCount: this.#message.receiveCount + 1 };
    this.#facts = undefined;
  }

  /** The same message was received again: from now on only the newer receipt counts. */
  adopt(newer: Delivery): void {
    const { onLost } = this.#lease;
    this.#lease.end();
    const { message } = newer;
    this.#message = this.#tries > 0 ? { ...message, receiveCount: message.receiveCount + this.#tries } : message;
    this.#lease = newer.#lease;
    this.#lease.onLost = onLost;
    this.#facts = undefined;
  }
}
