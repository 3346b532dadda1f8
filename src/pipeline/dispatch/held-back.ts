import type { Clock, Timer } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import { VISIBILITY_MAX_SECONDS } from "../ports/queue.js";
import type { MayWait, Rerun, Rerunnable } from "./rerun.js";

interface Wait {
  readonly timer: Timer;
  readonly dueAt: number;
  readonly outcome: Rerunnable;
}

/**
 * Deliveries that wait under their lease for another run: deferred ones, and heads of FIFO groups that failed. Their next
 * run costs no receive, so that they don't walk towards the dead-letter queue by waiting. They hold no slot.
 */
export class HeldBack {
  readonly #clock: Clock;
  readonly #resume: (delivery: Delivery, outcome: Rerunnable) => void;
  readonly #waits = new Map<Delivery, Wait>();

  /** @param resume is handed each delivery when its wait is over, and how its last run ended. */
  constructor(clock: Clock, resume: (delivery: Delivery, outcome: Rerunnable) => void) {
    this.#clock = clock;
    this.#resume = resume;
  }

  get size(): number {
    return this.#waits.size;
  }

  /** Keeps a delivery for so many seconds; false if its lease can't be sure to last for another run after them. */
  hold(delivery: Delivery, outcome: Rerunnable, seconds: number): boolean {
    const now = this.#clock.monotonic();
    const leaseLeft = VISIBILITY_MAX_SECONDS - (now - delivery.lease.heldSince) / 1000;
    if (seconds > leaseLeft / 2) return false;
    const timer = this.#clock.setTimer(() => {
      this.#waits.delete(delivery);
      this.#resume(delivery, outcome);
    }, seconds * 1000);
    this.#waits.set(delivery, { timer, dueAt: now + seconds * 1000, outcome });
    return true;
  }

  /** Forgets a delivery; false if it wasn't held. */
  drop(delivery: Delivery): boolean {
    this.#clock.clearTimer(this.#waits.get(delivery)?.timer);
    return this.#waits.delete(delivery);
  }

  /** Forgets and returns all but those that may wait on, each to come again after the rest of its wait. */
  clear(mayWait: MayWait): Rerun[] {
    const now = this.#clock.monotonic();
    const cleared: Rerun[] = [];
    for (const [delivery, { timer, dueAt, outcome }] of this.#waits) {
      const secondsLeft = Math.max(0, (dueAt - now) / 1000);
      if (mayWait(delivery, outcome, secondsLeft)) continue;
      this.#clock.clearTimer(timer);
      this.#waits.delete(delivery);
      cleared.push({ delivery, outcome: { ...outcome, afterSeconds: secondsLeft } });
    }
    return cleared;
  }
}
