import type { Clock, Timer } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";

/** Waiting longer than this means that the agents became slow: another task may have a slot. */
const WAIT_MAX_MS = 10_000;
const LOOK_MS = 1_000;

/** The deliveries that wait for a slot, in order. Tells of each that has waited for too long, while it is asked to. */
export class WaitingLine {
  readonly #clock: Clock;
  readonly #onLate: (delivery: Delivery) => void;
  #waiting = new Set<Delivery>();
  #look: Timer;
  #stopped = false;

  /** @param onLate may remove the delivery; it is told again a second later otherwise. */
  constructor(clock: Clock, onLate: (delivery: Delivery) => void) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(delivery: Delivery): void {
    this.#waiting.add(delivery);
  }

  /** False if it didn't wait any more. */
  remove(delivery: Delivery): boolean {
    return this.#waiting.delete(delivery);
  }

  /** Whether one waits that hasn't run here. */
  get hasNew(): boolean {
    return this.#firstNew() !== undefined;
  }

  /** Removes and returns the next: of those that haven't run here, if `newFirst` and there are any. */
  next(newFirst: boolean): Delivery | undefined {
    const next = (newFirst ? this.#firstNew() : undefined) ?? this.#waiting.values().next().value;
    if (next) this.#waiting.delete(next);
    return next;
  }

  /** Keeps so many, those with the most receives first, and beyond them what `must` stay; removes and returns the rest. */
  keep(count: number, must: (delivery: Delivery) => boolean): Delivery[] {
    const all = [...this.#waiting].sort((a, b) => b.message.receiveCount - a.message.receiveCount);
    const rest = all.slice(count).filter((delivery) => !must(delivery));
    this.#waiting = new Set(all);
    for (const delivery of rest) this.#waiting.delete(delivery);
    return rest;
  }

  /** Looks once a second for those that are late, for as long as anything waits; not after `stop`. */
  watch(): void {
    if (this.#stopped) return;
    this.#look ??= this.#clock.setTimer(() => {
      this.#look = undefined;
      const before = this.#clock.monotonic() - WAIT_MAX_MS;
      for (const delivery of this.#waiting) {
        if (delivery.waitsSince > before) break;
        this.#onLate(delivery);
      }
      if (this.#waiting.size > 0) this.watch();
    }, LOOK_MS);
  }

  /** Looks no more. */
  stop(): void {
    this.#stopped = true;
    this.#clock.clearTimer(this.#look);
    this.#look = undefined;
  }

  #firstNew(): Delivery | undefined {
    for (const delivery of this.#waiting) if (delivery.runs === 0) return delivery;
    return undefined;
  }
}
