import type { Clock } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { Outcome } from "../ports/outcome.js";
import type { Queue } from "../ports/queue.js";
import type { Telemetry } from "../ports/telemetry.js";
import { gaveUpReason } from "./dead-letter-marks.js";
import { Receives } from "./receives.js";
import { type Operation, operationFor, type RetryBackoff, type Settlement } from "./settlement.js";

export interface VerdictsOptions {
  readonly queue: Pick<Queue, "copyToDeadLetters" | "hasNoDeadLetters" | "maxReceiveCount">;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly retryBackoff: RetryBackoff | undefined;
}

/** What an outcome comes to on this queue: with its dead-letter queue, if it has one that takes letters. */
export class Verdicts {
  readonly #options: VerdictsOptions;
  readonly #receives: Receives;
  /** Set when the dead-letter queue refused last words: SQS moves what follows, without a word. */
  #silent = false;

  constructor(options: VerdictsOptions) {
    this.#options = options;
    this.#receives = new Receives(options.queue);
  }

  /** The outcome that can really be had: without a dead-letter queue a rejection is a retry, and never a delete. */
  effective(outcome: Outcome): Outcome {
    if (outcome.kind !== "reject" || this.#copies) return outcome;
    return this.#retryInstead(outcome.reason, "the queue has no dead-letter queue");
  }

  /** What is to be done on the queue. */
  operation(delivery: Delivery, outcome: Outcome): Operation {
    return this.#lastWords(delivery, outcome) ?? this.#usual(delivery, outcome);
  }

  /** What becomes of a message whose copy was refused: it is tried again, since deleting it would lose it. */
  withoutCopy(delivery: Delivery, outcome: Outcome, detail: string): Pick<Settlement, "outcome" | "operation"> {
    const instead = outcome.kind === "reject" ? this.#retryInstead(outcome.reason, detail) : outcome;
    if (outcome.kind !== "reject") this.#silent = true;
    return { outcome: instead, operation: this.#usual(delivery, instead) };
  }

  get #copies(): boolean {
    const { copyToDeadLetters, hasNoDeadLetters } = this.#options.queue;
    return copyToDeadLetters !== undefined && !hasNoDeadLetters;
  }

  #usual(delivery: Delivery, outcome: Outcome): Operation {
    return operationFor(outcome, delivery, this.#options.retryBackoff, this.#options.clock.monotonic());
  }

  /**
   * A message that has failed as often as its queue allows: at its next receive SQS would move it to the dead letters,
   * and nobody could tell why. Copied from here it takes its agent's last error along.
   */
  #lastWords(delivery: Delivery, outcome: Outcome): Operation | undefined {
    const { message } = delivery;
    if (outcome.kind !== "retry" || !this.#receives.isLast(delivery)) return undefined;
    // A damaged body must not take the place of the good one that SQS may have.
    if (this.#silent || !this.#copies || !message.intact) return undefined;
    return { kind: "deadLetter", reason: gaveUpReason(message.receiveCount, outcome.error) };
  }

  #retryInstead(reason: string, why: string): Outcome {
    this.#options.telemetry({ kind: "warning", text: `a rejected message is retried, not deleted: ${why}` });
    return { kind: "retry", error: new Error(`rejected: ${reason}`) };
  }
}
