import type { Delivery } from "../ports/delivery.js";
import type { Outcome } from "../ports/outcome.js";

/** Ends after which a message may run again. */
export type Rerunnable = Extract<Outcome, { kind: "retry" | "defer" }>;

/** A delivery that waits under its lease for another run, and how its last one ended. */
export interface Rerun {
  readonly delivery: Delivery;
  readonly outcome: Rerunnable;
}

/** Whether a delivery may wait for so many seconds more although a stop has begun. */
export type MayWait = (delivery: Delivery, outcome: Rerunnable, seconds: number) => boolean;
