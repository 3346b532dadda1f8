import type { Clock, Timer } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { Outcome } from "../ports/outcome.js";
import { VISIBILITY_MAX_SECONDS } from "../ports/queue.js";

const BASE_SECONDS = 30;
const MAX_SECONDS = 900;

interface Held {
  readonly timer: Timer;
  readonly dueAt: number;
  readonly cause: string;
}

/** What a stop finds: a deferred delivery and the rest of its wait. */
export interface HeldBack {
  readonly delivery: Delivery;
  readonly secondsLeft: number;
  readonly cause: string;
}

/**
 * Deferred deliveries whose lease is kept while they wait, so that their coming back costs no receive and they don't
 * walk towards the dead-letter queue. They hold no slot.
 */
export class Deferrals {
  readonly #held = new Map<Delivery, Held>();

  constructor(
    private readonly clock: Clock,
    private readonly max: number,
  ) {}

  /** Keeps a delivery and hands it to `resume` after its wait; undefined if it can't be kept, else the wait in seconds. */
  hold(
    delivery: Delivery,
    outcome: Outcome & { kind: "defer" },
    resume: (delivery: Delivery) => void,
  ): number | undefined {
    delivery.deferrals++;
    const seconds =
      outcome.afterSeconds ?? Math.min(MAX_SECONDS, BASE_SECONDS * 2 ** Math.min(delivery.deferrals - 1, 10));
    const now = this.clock.monotonic();
    const leaseLeft = VISIBILITY_MAX_SECONDS - (now - delivery.lease.heldSince) / 1000;
    if (this.#held.size >= this.max || seconds > leaseLeft / 2) return undefined;
    const timer = this.clock.setTimer(() => {
      this.#held.delete(delivery);
      delivery.onLeaseLost = undefined;
      resume(delivery);
    }, seconds * 1000);
    this.#held.set(delivery, { timer, dueAt: now + seconds * 1000, cause: outcome.reason });
    return seconds;
  }

  /** Forgets a delivery; false if it wasn't held. */
  drop(delivery: Delivery): boolean {
    this.clock.clearTimer(this.#held.get(delivery)?.timer);
    return this.#held.delete(delivery);
  }

  /** Forgets and returns all. */
  clear(): HeldBack[] {
    const now = this.clock.monotonic();
    const all = [...this.#held].map(([delivery, { timer, dueAt, cause }]) => {
      this.clock.clearTimer(timer);
      return { delivery, secondsLeft: Math.max(0, (dueAt - now) / 1000), cause };
    });
    this.#held.clear();
    return all;
  }
}
