import type { Clock } from "../pipeline/ports/clock.js";
import type { DeliveryFacts, Fact, Telemetry } from "../pipeline/ports/telemetry.js";

/** After so long without another the next is news again. */
const FORGET_MS = 900_000;

/**
 * Warns when messages near `maxReceiveCount` because they were interrupted or given back, not because they failed: each
 * hand-out counts, and what stops often enough becomes a dead letter without a fault of its own. Told when a message has
 * one receive left, and when one has none; then not again before a quarter of an hour without any.
 */
export class InterruptionWatch {
  /** Of the queue's RedrivePolicy; undefined until it is known, or where there is none. */
  maxReceiveCount: number | undefined;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  #toldLeft = Number.POSITIVE_INFINITY;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, telemetry: Telemetry) {
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** The listener; bound, so that it can be handed to `fanOut` as it is. */
  readonly record = (fact: Fact): void => {
    // One that was received again goes on with its newer receipt.
    if (
      (fact.kind === "released" && fact.cause !== "again") ||
      (fact.kind === "settled" && fact.outcome === "interrupted")
    ) {
      this.#interrupted(fact.delivery);
    }
  };

  #interrupted({ messageId, receiveCount }: DeliveryFacts): void {
    const max = this.maxReceiveCount;
    if (max === undefined || receiveCount < max - 1) return;
    const now = this.#clock.monotonic();
    if (now - this.#lastAt > FORGET_MS) this.#toldLeft = Number.POSITIVE_INFINITY;
    this.#lastAt = now;
    const left = Math.max(0, max - receiveCount);
    if (left >= this.#toldLeft) return;
    this.#toldLeft = left;
    const fate = left > 0 ? "it has one receive left" : "it becomes a dead letter without having failed";
    const text = `interruptions make dead letters: message ${messageId} was interrupted at receive ${receiveCount} of ${max} (maxReceiveCount): ${fate}`;
    this.#telemetry({ kind: "warning", text });
  }
}
