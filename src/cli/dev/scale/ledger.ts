import { GrowingBytes } from "./growing-bytes.js";
import type { Mark } from "./marks.js";
import { Overlaps } from "./overlaps.js";
import type { QueueLook } from "./queue-look.js";

/** Bits of a message's state. */
const SENT = 1;
const DONE = 2;
/** Whether the queue took it isn't known: it counts as sent from when it is seen. */
const UNSURE = 4;

const [NOWHERE, THERE, DEAD] = [0, 1, 2] as const;

/** Where every message is that was sent; `sent = done + dead + there + missing`. */
export interface Equation {
  readonly sent: number;
  /** Its agent succeeded, and it is gone from the queue. */
  readonly done: number;
  /** In the dead-letter queue. */
  readonly dead: number;
  /** On the queue: visible, in flight or delayed; those as well that are done and not yet deleted. */
  readonly there: number;
  /** Gone from the queue, not dead, and no agent has told of a success: lost, unless that is still on its way here. */
  readonly missing: number;
}

/**
 * What became of each message, by its number (from 1): the sender says that it was sent, agents' marks say that it was
 * done, looks into both queues say where it is. A byte a message is kept.
 */
export class Ledger {
  readonly overlaps: Overlaps;
  readonly #states = new GrowingBytes();
  readonly #places = new GrowingBytes();
  #highest = 0;
  #successes = 0;
  #distinct = 0;
  #failures = 0;
  #starts = 0;

  /** @param frozen whether a task was frozen for longer than a lease lasts between two moments. */
  constructor(frozen: (task: number, fromMs: number, untilMs: number) => boolean = () => false) {
    this.overlaps = new Overlaps(frozen);
  }

  /** Highest number that was given to a message. */
  get highest(): number {
    return this.#highest;
  }

  /** Messages that were done at least once, wherever they are. */
  get done(): number {
    return this.#distinct;
  }

  /** Successes beyond each message's first: what at-least-once delivery costs. */
  get doneAgain(): number {
    return this.#successes - this.#distinct;
  }

  get starts(): number {
    return this.#starts;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The queue took the message, or, `unsure`, may have. */
  sent(n: number, unsure = false): void {
    this.#highest = Math.max(this.#highest, n);
    this.#states.or(n, unsure ? UNSURE : SENT);
  }

  /** An agent of `task` started or ended. */
  mark(task: number, { kind, n, wallMs }: Mark): void {
    if (!(n > 0)) return;
    this.#surely(n);
    switch (kind) {
      case "started":
        this.#starts++;
        return this.overlaps.started(n, task, wallMs);
      case "failed":
        this.#failures++;
        return this.overlaps.ended(n, task, wallMs);
      case "done":
        this.#successes++;
        if (!(this.#states.at(n) & DONE)) this.#distinct++;
        this.#states.or(n, DONE);
        return this.overlaps.ended(n, task, wallMs);
    }
  }

  /**
   * Where the messages are, by a look into the queues that began when all up to `highest` had been answered for: later
   * ones are left out. `missing` may be on its way: a success that isn't read yet, so that it counts when it lasts.
   */
  equation(look: QueueLook, highest = this.#highest): Equation & { readonly missingNumbers: readonly number[] } {
    const places = this.#places;
    places.clear();
    for (const n of [...look.visible, ...look.delayed, ...look.inFlight]) this.#seen(n, THERE);
    // Copied to the dead letters and not yet deleted, it is in both.
    for (const n of look.dead) this.#seen(n, DEAD);
    const counts = { sent: 0, done: 0, dead: 0, there: 0 };
    const missingNumbers: number[] = [];
    for (let n = 1; n <= highest; n++) {
      const state = this.#states.at(n);
      if (!(state & SENT)) continue;
      counts.sent++;
      const place = places.at(n);
      if (place === DEAD) counts.dead++;
      else if (place === THERE) counts.there++;
      else if (state & DONE) counts.done++;
      else missingNumbers.push(n);
    }
    return { ...counts, missing: missingNumbers.length, missingNumbers };
  }

  /** Whether a success of the message has been told. */
  isDone(n: number): boolean {
    return (this.#states.at(n) & DONE) !== 0;
  }

  #seen(n: number, place: typeof THERE | typeof DEAD): void {
    if (n === 0) return;
    this.#surely(n);
    if (this.#places.at(n) === NOWHERE || place === DEAD) this.#places.set(n, place);
  }

  #surely(n: number): void {
    if (this.#states.at(n) & UNSURE) this.#states.or(n, SENT);
  }
}
