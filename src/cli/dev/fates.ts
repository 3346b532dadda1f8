import type { Telemetry } from "../../pipeline/ports/telemetry.js";

/** Follows each message to its end. A message counts once however often it is delivered. */
export class Fates {
  readonly #done = new Set<string>();
  readonly #retried = new Set<string>();
  readonly #rejected = new Set<string>();

  /** The listener; bound, so that it can be handed on as it is. */
  readonly record: Telemetry = (fact) => {
    if (fact.kind !== "settled") return;
    const { messageId } = fact.delivery;
    switch (fact.outcome) {
      case "done":
        this.#done.add(messageId);
        break;
      case "retry":
        this.#retried.add(messageId);
        break;
      case "reject":
        this.#rejected.add(messageId);
        break;
      case "defer":
      case "interrupted":
      case "leaseLost":
        break;
      default:
        fact.outcome satisfies never;
    }
  };

  get done(): number {
    return this.#done.size;
  }

  /** Messages that were to be tried again at least once, whatever became of them. */
  get retried(): number {
    return this.#retried.size;
  }

  get rejected(): number {
    return this.#rejected.size;
  }
}
