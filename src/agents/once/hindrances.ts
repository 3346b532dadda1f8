import type { Obstacle } from "../../pipeline/ports/idempotency.js";
import { done, type Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import type { Telemetry } from "../../pipeline/ports/telemetry.js";
import type { NextLook } from "./next-look.js";

export interface HindrancesOptions {
  readonly nextLook: NextLook;
  readonly telemetry: Telemetry;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** How messages end that get no run of their own, or whose run doesn't count; each repetition is told of. */
export class Hindrances {
  readonly #options: HindrancesOptions;

  constructor(options: HindrancesOptions) {
    this.#options = options;
  }

  /** The table says, or it is known here, what stands in the way. */
  found(message: ReceivedMessage, obstacle: Obstacle): Outcome {
    const { nextLook, now } = this.#options;
    this.#tell(message, obstacle.kind);
    switch (obstacle.kind) {
      case "finished":
        return done;
      case "otherPayload":
        return { kind: "reject", reason: "the idempotency key was used with another payload" };
      case "held":
        return waitForKey(nextLook.elsewhere(message, obstacle.until - now()));
    }
  }

  /** A run in this worker holds the key. */
  heldHere(message: ReceivedMessage): Outcome {
    this.#tell(message, "held");
    return waitForKey(this.#options.nextLook.here());
  }

  /** Its own run came to its end too late to count; whether another has ended well is for the next claim to say. */
  late(message: ReceivedMessage, reason: string): Outcome {
    this.#tell(message, "late");
    return { kind: "defer", reason, afterSeconds: 1, awaitsRun: true };
  }

  /** The table does not do its part. */
  byTable(message: ReceivedMessage, reason: string): Outcome {
    return { kind: "defer", reason, afterSeconds: this.#options.nextLook.atTable(message) };
  }

  #tell({ id, receiveCount, groupId }: ReceivedMessage, found: Obstacle["kind"] | "late"): void {
    const delivery = { messageId: id, receiveCount, ...(groupId === undefined ? undefined : { groupId }) };
    this.#options.telemetry({ kind: "repeated", delivery, found });
  }
}

function waitForKey(afterSeconds: number): Outcome {
  return { kind: "defer", reason: "another run holds the message's key", afterSeconds, awaitsRun: true };
}
