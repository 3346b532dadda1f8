import { fullJitter } from "../ports/backoff.js";
import type { Delivery } from "../ports/delivery.js";
import { leaseLost, type Outcome } from "../ports/outcome.js";
import { VISIBILITY_MAX_SECONDS } from "../ports/queue.js";
import type { Fact, WithoutRun } from "../ports/telemetry.js";

/** What has to be done on the queue for an outcome. */
export type Operation =
  | { readonly kind: "delete" }
  | { readonly kind: "visibility"; readonly seconds: number }
  /** Copied to the dead-letter queue; a delete follows once the copy is certain. */
  | { readonly kind: "deadLetter"; readonly reason: string }
  /** Nothing: the message comes back when its visibility timeout ends. */
  | { readonly kind: "none" };

/** One delivery on its way from outcome to settled. */
export interface Settlement {
  readonly delivery: Delivery;
  readonly outcome: Outcome;
  readonly agentMs: number;
  /** Set for a delivery without an outcome: it ends as released, not as settled. */
  readonly release?: { readonly cause: WithoutRun | "abandoned"; readonly reason: string };
  /** Told once whether a copy to the dead letters was made. */
  readonly whenCopied?: ((copied: boolean) => void) | undefined;
  operation: Operation;
  attempts: number;
}

export interface RetryBackoff {
  readonly baseSeconds: number;
  readonly maxSeconds: number;
}

const DEFER_BASE_SECONDS = 30;
const DEFER_MAX_SECONDS = 3_600;

/** The operation that carries an outcome out; `now` in monotonic milliseconds. */
export function operationFor(
  outcome: Outcome,
  delivery: Delivery,
  retryBackoff: RetryBackoff | undefined,
  now: number,
): Operation {
  const { receiveCount } = delivery.message;
  switch (outcome.kind) {
    case "done":
      return { kind: "delete" };
    case "reject":
      return { kind: "deadLetter", reason: outcome.reason };
    case "retry": {
      if (outcome.afterSeconds !== undefined) return hideFor(outcome.afterSeconds, delivery, now);
      if (!retryBackoff) return { kind: "none" };
      const backoff = { base: retryBackoff.baseSeconds, max: retryBackoff.maxSeconds };
      // At least a second: a message that fails at once must not spin through its receives.
      return hideFor(Math.max(1, fullJitter(backoff, receiveCount)), delivery, now);
    }
    case "defer":
      // Each coming back costs one receive; doubling makes those that are left last.
      return hideFor(
        outcome.afterSeconds ?? Math.min(DEFER_MAX_SECONDS, DEFER_BASE_SECONDS * 2 ** Math.min(receiveCount - 1, 20)),
        delivery,
        now,
      );
    case "interrupted":
      return { kind: "visibility", seconds: 0 };
    case "leaseLost":
      return { kind: "none" };
  }
}

function hideFor(seconds: number, delivery: Delivery, now: number): Operation {
  const left = VISIBILITY_MAX_SECONDS - 5 - (now - delivery.lease.heldSince) / 1000;
  return { kind: "visibility", seconds: Math.max(0, Math.ceil(Math.min(seconds, left))) };
}

/** The terminal fact of a delivery. To be made before its lease is ended; `isLast`: it has no receive left. */
export function endOf(settlement: Settlement, certain: boolean, isLast: boolean): Fact {
  const { delivery, agentMs, release, operation, attempts } = settlement;
  // Lost before anything was asked of the queue: the outcome never had a chance.
  const outcome = delivery.lease.lost && !certain && attempts === 0 ? leaseLost : settlement.outcome;
  if (release && outcome !== leaseLost) return { kind: "released", delivery: delivery.facts, ...release };
  const cause = causeOf(outcome);
  const withoutRun = delivery.runs > 0 ? undefined : outcome === leaseLost ? "expired" : "damaged";
  return {
    kind: "settled",
    delivery: delivery.facts,
    outcome: outcome.kind,
    agentMs,
    certain,
    ...(outcome.kind === "retry" && certain && deathOf(operation, isLast)),
    ...(withoutRun && { withoutRun }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** What a failure comes to beyond itself. */
function deathOf(operation: Operation, isLast: boolean): { deadLettered: true } | { lastReceive: true } | undefined {
  if (operation.kind === "delete") return { deadLettered: true };
  return isLast ? { lastReceive: true } : undefined;
}

function causeOf(outcome: Outcome): unknown {
  switch (outcome.kind) {
    case "retry":
      return outcome.error;
    case "reject":
    case "defer":
      return outcome.reason;
    default:
      return undefined;
  }
}
