import type { DeliveryFacts } from "../pipeline/ports/telemetry.js";
import { DeliveryEntry } from "./delivery-entry.js";

const KEPT = 1_000;
/** Entries that wait to be used again. */
const SPARE_MAX = 500;

/** The last thousand deliveries that have ended; the entries of those before are used again. */
export class KeptEntries {
  /** In the order of their ends, from `#made % KEPT` on once it is full. */
  readonly #kept: DeliveryEntry[] = [];
  readonly #spare: DeliveryEntry[] = [];
  #made = 0;

  /** Number of the newest. */
  get newest(): number {
    return this.#made;
  }

  get size(): number {
    return this.#kept.length;
  }

  /** An entry for a delivery, to be kept here when that has ended. */
  fresh(delivery: DeliveryFacts): DeliveryEntry {
    return (this.#spare.pop() ?? new DeliveryEntry()).begin(delivery);
  }

  keep(entry: DeliveryEntry): void {
    const place = this.#made % KEPT;
    const former = this.#kept[place];
    if (former && this.#spare.length < SPARE_MAX) this.#spare.push(former);
    this.#kept[place] = entry;
    entry.number = ++this.#made;
  }

  newestFirst(): DeliveryEntry[] {
    const place = this.#made % KEPT;
    const inOrder = this.#kept.length < KEPT ? this.#kept : [...this.#kept.slice(place), ...this.#kept.slice(0, place)];
    return inOrder.toReversed();
  }
}
