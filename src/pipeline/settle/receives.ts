import type { Delivery } from "../ports/delivery.js";
import type { Queue } from "../ports/queue.js";

/** With so few receives none may be spent on waiting. */
const FEW = 2;

/** The receives that a queue grants a message before it moves it to its dead-letter queue; none are counted where nobody knows. */
export class Receives {
  readonly #queue: Pick<Queue, "maxReceiveCount">;

  constructor(queue: Pick<Queue, "maxReceiveCount">) {
    this.#queue = queue;
  }

  /** Whether each one counts. */
  get areFew(): boolean {
    return this.#max <= FEW;
  }

  /** Receives that a message has after this one. */
  leftAfter({ message }: Delivery): number {
    return Math.max(0, this.#max - message.receiveCount);
  }

  /** Whether the queue moves the message to the dead letters when it is asked for next. */
  isLast(delivery: Delivery): boolean {
    return this.leftAfter(delivery) === 0;
  }

  get #max(): number {
    return this.#queue.maxReceiveCount ?? Number.POSITIVE_INFINITY;
  }
}
