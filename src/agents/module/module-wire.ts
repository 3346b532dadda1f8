import type { Estimates, Uses } from "../../pipeline/ports/budget.js";
import type { CheckpointCause, Run } from "../../pipeline/ports/handler.js";
import type { Identity, IdentityRule } from "../../pipeline/ports/idempotency.js";
import type { AbortCause } from "../../pipeline/ports/outcome.js";
import type { WireCredentials, WireError, WireMessage, WireOutcome } from "./wire-values.js";

/** The argument that tells a module's process that its agent has a role of its own. */
export const WITH_ROLE = "with-role";
/** The argument that tells it that runs are traced. */
export const WITH_TRACES = "with-traces";
/** The argument that tells it that it is asked for its estimates before a run. */
export const ASKED_FIRST = "asked-first";

/** What the worker says to a module's process, one JSON object a line. */
export type ToModule =
  /** `of`: the number of the run, which all that is said of it carries. */
  | {
      readonly run: WireMessage;
      readonly of: number;
      readonly deadline: number;
      readonly idempotency?: Run["idempotency"];
      /** The agent's decoder is to say first what the message is; then the run waits for `go` or `drop`. */
      readonly rule?: IdentityRule;
    }
  /** What does it take of budgets? Before its run, and never during one. */
  | { readonly estimate: WireMessage; readonly asked: number }
  | { readonly go: number; readonly idempotency?: Run["idempotency"] }
  | { readonly drop: number }
  | { readonly abort: AbortCause; readonly detail: string }
  /** Now is the time to save a checkpoint. */
  | { readonly save: CheckpointCause }
  /** The answer to `askCredentials`. */
  | { readonly credentials: WireCredentials; readonly asked: number }
  /** The answer to `take`; `error`: why not. */
  | { readonly taken: number; readonly error?: WireError }
  | { readonly deadline: number };

/** What a module's process says to the worker. */
export type FromModule =
  /** `decodes`: the agent has a decoder of its own; `uses`: of budgets, `true` for what it estimates of each message. */
  | {
      readonly ready: true;
      readonly decodes: boolean;
      readonly uses?: Readonly<Record<string, number | true>> | undefined;
    }
  | { readonly unfit: string }
  /** The answer to `estimate`. */
  | { readonly estimates: Estimates | WireError; readonly isError: boolean; readonly asked: number }
  | { readonly log: LogLevel; readonly fields: Readonly<Record<string, unknown>>; readonly text: string }
  | (OfRun & { readonly of: number });

/** What it says of the run with a number: what comes late, of a run that is over, must not count for the next. */
export type OfRun =
  | { readonly identity: Identity }
  | { readonly extend: number }
  | { readonly progress: string }
  /** The agent wants to save a checkpoint before it is aborted. */
  | { readonly checkpoint: true }
  | { readonly saved: true | WireError }
  | { readonly askCredentials: number }
  | { readonly take: string; readonly amount: number; readonly asked: number }
  | { readonly took: Uses }
  | { readonly ended: WireOutcome; readonly residentBytes: number };

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
