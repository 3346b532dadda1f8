import type { Clock, Timer } from "../ports/clock.js";
import { BATCH_MAX } from "../ports/queue.js";

export interface BatchLaneOptions<Item> {
  readonly clock: Clock;
  /** How long the first of a batch waits for company, in milliseconds. */
  readonly lingerMs: number;
  /** Calls at once; what comes meanwhile gathers. */
  readonly callsMax: number;
  /** Carries a batch out. Never rejects. */
  readonly send: (items: readonly Item[]) => Promise<void>;
}

/** Gathers items into batches of ten: sends when ten are there or the first has waited long enough, in order. */
export class BatchLane<Item> {
  readonly #options: BatchLaneOptions<Item>;
  #waiting: Item[] = [];
  #timer: Timer;
  #calls = 0;
  #lingerMs: number;
  #due = false;

  constructor(options: BatchLaneOptions<Item>) {
    this.#options = options;
    this.#lingerMs = options.lingerMs;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#waiting.length >= BATCH_MAX) this.#send();
    else if (this.#timer === undefined) {
      this.#timer = this.#options.clock.setTimer(() => {
        this.#timer = undefined;
        this.#due = true;
        this.#send();
      }, this.#lingerMs);
    }
  }

  /** From now on nothing waits for company longer than the current turn of the event loop. */
  hurry(): void {
    this.#lingerMs = 0;
    this.#due = this.#waiting.length > 0;
    this.#send();
  }

  #send(): void {
    while (
      this.#calls < this.#options.callsMax &&
      (this.#waiting.length >= BATCH_MAX || (this.#due && this.#waiting.length > 0))
    ) {
      const batch = this.#waiting.splice(0, BATCH_MAX);
      this.#calls++;
      void this.#options.send(batch).finally(() => {
        this.#calls--;
        this.#send();
      });
    }
    if (this.#waiting.length === 0) {
      this.#due = false;
      this.#options.clock.clearTimer(this.#timer);
      this.#timer = undefined;
    }
  }
}
