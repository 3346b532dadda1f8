import type { ArrivalMoments } from "./arrivals.js";

/** Arrivals that are recorded while a simulation follows them: it must not be run beyond the last one that is known. */
export class RecordedArrivals implements ArrivalMoments {
  #moments: number[] = [];
  #at = 0;

  get next(): number {
    return this.#moments[this.#at] ?? Number.POSITIVE_INFINITY;
  }

  /** One more. @param second of the simulation, not before the last one. */
  record(second: number): void {
    this.#moments.push(second);
  }

  advance(): void {
    this.#at++;
    if (this.#at < FORGET_FROM) return;
    this.#moments = this.#moments.slice(this.#at);
    this.#at = 0;
  }
}

/** What has arrived is forgotten in pieces of so many. */
const FORGET_FROM = 10_000;
