import { VISIBILITY_MAX_SECONDS } from "./queue.js";

/** Why a run was ended before its agent was: the reason of `context.signal`. */
export type AbortCause = "timeout" | "shutdown" | "lease lost";

/** How a delivery ended. */
export type Outcome =
  | { readonly kind: "done" }
  /** The agent failed. `afterSeconds` overrides the back-off; `crash` says of what its process died, where it did. */
  | {
      readonly kind: "retry";
      readonly error?: unknown;
      readonly afterSeconds?: number;
      readonly crash?: string | undefined;
    }
  /** The message can never succeed. */
  | { readonly kind: "reject"; readonly reason: string }
  /** The message is not at fault and must not walk towards the dead-letter queue. */
  | {
      readonly kind: "defer";
      readonly reason: string;
      readonly afterSeconds?: number;
      /** Set where no agent ran: the message waits for another's run with its key. */
      readonly awaitsRun?: true;
    }
  /** We were told to stop before the agent ended. */
  | { readonly kind: "interrupted" }
  /** The message may be somebody else's by now: nothing may be done to it. */
  | { readonly kind: "leaseLost" };

export type OutcomeKind = Outcome["kind"];

/** Every kind, in the order in which people want to read them. */
export const OUTCOME_KINDS = [
  "done",
  "retry",
  "reject",
  "defer",
  "interrupted",
  "leaseLost",
] as const satisfies OutcomeKind[];

export const done: Outcome = Object.freeze({ kind: "done" });
export const interrupted: Outcome = Object.freeze({ kind: "interrupted" });
export const leaseLost: Outcome = Object.freeze({ kind: "leaseLost" });

function checkedSeconds(verb: string, seconds: number): number {
  if (Number.isFinite(seconds) && seconds >= 0 && seconds <= VISIBILITY_MAX_SECONDS) return seconds;
  throw new RangeError(`${verb} takes between 0 and ${VISIBILITY_MAX_SECONDS} seconds, got ${seconds}`);
}

/** Thrown by an agent: the message is to be tried again, after `seconds` (0..43,200) if given, else by the back-off. */
export class Retry extends Error {
  override readonly name = "Retry";
  readonly seconds: number | undefined;
  constructor(seconds?: number, reason = "the agent asked for a retry", options?: ErrorOptions) {
    super(reason, options);
    this.seconds = seconds === undefined ? undefined : checkedSeconds("Retry", seconds);
  }
}

/** Thrown by an agent: the message can never succeed and goes to the dead-letter queue with `reason`. */
export class Reject extends Error {
  override readonly name = "Reject";
}

/** Thrown by an agent: the message is not at fault (a dependency is down); it comes back after `seconds` (0..43,200). */
export class Defer extends Error {
  override readonly name = "Defer";
  readonly seconds: number | undefined;
  constructor(seconds?: number, reason = "the agent asked to wait", options?: ErrorOptions) {
    super(reason, options);
    this.seconds = seconds === undefined ? undefined : checkedSeconds("Defer", seconds);
  }
}

/** The outcome of a run that threw `error`. Matched by name too: an agent may carry its own copy of this package. */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof Error) {
    const { seconds } = error as { seconds?: unknown };
    const afterSeconds = typeof seconds === "number" ? { afterSeconds: seconds } : {};
    switch (error.name) {
      case "Retry":
        return { kind: "retry", error, ...afterSeconds };
      case "Reject":
        return { kind: "reject", reason: error.message || "rejected by the agent" };
      case "Defer":
        return { kind: "defer", reason: error.message, ...afterSeconds };
    }
  }
  return { kind: "retry", error };
}
