import type { Delivery } from "../ports/delivery.js";
import type { Queue } from "../ports/queue.js";

/** With so few receives none may be spent on waiting. */
const FEW = 2;
/** Where nobody knows how many there are: so many tries under one lease, and the queue gets its say. */
const TRIES_HERE_UNKNOWN = 5;

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

  /** Whether the message has been tried as often as the queue allows, tries under one lease included. */
  isLast(delivery: Delivery): boolean {
    return this.leftAfter(delivery) === 0;
  }

  /** Whether it is not to be tried again under its lease: it was tried often enough for the queue to give it up. */
  isTriedOut(delivery: Delivery): boolean {
    if (this.#queue.maxReceiveCount === undefined) return delivery.triesHere + 1 >= TRIES_HERE_UNKNOWN;
    return this.isLast(delivery);
  }

  /** Whether the queue, which knows of no tries under one lease, moves the message when it is asked for next. */
  isLastOnQueue(delivery: Delivery): boolean {
    return delivery.message.receiveCount - delivery.triesHere >= this.#max;
  }

  get #max(): number {
    return this.#queue.maxReceiveCount ?? Number.POSITIVE_INFINITY;
  }
}
