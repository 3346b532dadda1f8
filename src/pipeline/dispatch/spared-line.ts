import type { Clock, Timer } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { Rerun, Rerunnable } from "./rerun.js";

/** An outage of so long has people at it; and where it is the messages after all, they must not be tried for good. */
const SPARED_MAX_MS = 3_600_000;
/** While the breaker is open and nothing else is to be tried for so long, one of these is. */
const PATIENCE_MS = 5_000;

/**
 * Deliveries that failed while nothing succeeded and have few receives left: it isn't them, or not surely, so they wait
 * under their lease instead of becoming dead letters of an outage. They run again when the breaker closes, or before when
 * there is nothing else to try.
 */
export class SparedLine {
  readonly #clock: Clock;
  readonly #onPatienceOver: () => void;
  readonly #spared = new Map<Delivery, Rerunnable>();
  /** Monotonic milliseconds at which a delivery was first spared. */
  readonly #since = new WeakMap<Delivery, number>();
  #timer: Timer;

  /** @param onPatienceOver is told every five seconds while any are held. */
  constructor(clock: Clock, onPatienceOver: () => void) {
    this.#clock = clock;
    this.#onPatienceOver = onPatienceOver;
  }

  get size(): number {
    return this.#spared.size;
  }

  /** Adds a delivery; false if it has been spared for an hour. */
  add(delivery: Delivery, outcome: Rerunnable): boolean {
    const now = this.#clock.monotonic();
    const since = this.#since.get(delivery) ?? now;
    if (now - since >= SPARED_MAX_MS) return false;
    this.#since.set(delivery, since);
    this.#spared.set(delivery, outcome);
    this.#watch();
    return true;
  }

  /** Milliseconds since a delivery was first spared; 0 if it wasn't. */
  sparedMs(delivery: Delivery): number {
    const now = this.#clock.monotonic();
    return now - (this.#since.get(delivery) ?? now);
  }

  /** Forgets a delivery; false if it wasn't held. */
  drop(delivery: Delivery): boolean {
    return this.#spared.delete(delivery);
  }

  /** Forgets and returns the one that has waited for longest. */
  takeOldest(): Delivery | undefined {
    const oldest = this.#spared.keys().next().value;
    if (oldest) this.#spared.delete(oldest);
    return oldest;
  }

  /** Forgets and returns all, oldest first. */
  clear(): Rerun[] {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    const all = [...this.#spared].map(([delivery, outcome]) => ({ delivery, outcome }));
    this.#spared.clear();
    return all;
  }

  #watch(): void {
    this.#timer ??= this.#clock.setTimer(() => {
      this.#timer = undefined;
      if (this.#spared.size === 0) return;
      this.#onPatienceOver();
      if (this.#spared.size > 0) this.#watch();
    }, PATIENCE_MS);
  }
}
