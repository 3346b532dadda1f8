import type { Awaiting } from "../pipeline/ports/status.js";
import { DeliveryEntry } from "./delivery-entry.js";

/** Nobody reads more of them. */
const LISTED_MAX = 1_000;

/** The deliveries that budgets keep waiting, made into entries when somebody looks: no fact tells of a wait. */
export class AwaitingEntries {
  readonly #awaiting: () => Iterable<Awaiting>;
  readonly #live: ReadonlyMap<string, DeliveryEntry>;

  /** @param live entries of those that have run under their lease, by message. */
  constructor(awaiting: () => Iterable<Awaiting>, live: ReadonlyMap<string, DeliveryEntry>) {
    this.#awaiting = awaiting;
    this.#live = live;
  }

  /** The newest first. */
  list(): DeliveryEntry[] {
    return [...this.#awaiting()]
      .slice(0, LISTED_MAX)
      .sort((a, b) => b.since - a.since)
      .map((one) => this.#entry(one));
  }

  find(messageId: string): DeliveryEntry | undefined {
    for (const one of this.#awaiting()) if (one.delivery.messageId === messageId) return this.#entry(one);
    return undefined;
  }

  #entry({ delivery, since, budgets }: Awaiting): DeliveryEntry {
    const entry = this.#live.get(delivery.messageId) ?? new DeliveryEntry().begin(delivery);
    entry.waits(since, budgets);
    return entry;
  }
}
