import type { Load } from "../../../scaling/load.js";
import { Random } from "../../../scaling/random.js";

/**
 * Says how many messages are due, moment by moment: by chance around the load's rate, or evenly where a load was
 * counted. The load may be changed at any moment.
 */
export class LoadPump {
  /** All rates are multiplied by it. */
  factor = 1;
  #load: Load;
  /** The second of the fleet's at which the load's second 0 was. */
  #from = 0;
  #until = 0;
  #work = 0;
  #gap: number;

  /** @param perSecond messages that a rate of 1 means in a second of the fleet's. */
  constructor(
    load: Load,
    private readonly perSecond: number,
    private readonly random = new Random(1),
  ) {
    this.#load = load;
    // The first of the counted ones comes in the middle of its share.
    this.#gap = load.counted ? 0.5 : this.#nextGap();
  }

  /** As it was asked for, and by how much it was turned up or down. */
  get name(): string {
    return this.factor === 1 ? this.#load.name : `${this.#load.name} × ${this.factor.toFixed(2)}`;
  }

  /** Messages a second, as the load tells them. */
  rateAt(second: number): number {
    return this.factor * this.#load.rateAt(Math.max(0, Math.floor(second - this.#from)));
  }

  /** From `second` on another load, which begins then. */
  change(load: Load, second: number): void {
    this.#load = load;
    this.#from = second;
    this.factor = 1;
  }

  /** The moments, in seconds, at which messages are due from the last call's `until` up to this one. */
  due(until: number): number[] {
    const moments: number[] = [];
    while (this.#until < until) {
      const end = Math.min(until, Math.floor(this.#until) + 1);
      const rate = this.rateAt(this.#until) * this.perSecond;
      const grown = (end - this.#until) * rate;
      const before = this.#work;
      this.#work += grown;
      for (; this.#work >= this.#gap; this.#gap += this.#nextGap()) {
        moments.push(this.#until + (this.#gap - before) / rate);
      }
      this.#until = end;
    }
    this.#gap -= this.#work;
    this.#work = 0;
    return moments;
  }

  #nextGap(): number {
    return this.#load.counted ? 1 : this.random.exponential();
  }
}
