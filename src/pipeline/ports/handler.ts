import type { DeclaredUses, Estimates, Uses } from "./budget.js";
import type { Identifier, Identity } from "./idempotency.js";
import type { Outcome } from "./outcome.js";
import type { ReceivedMessage } from "./queue.js";

/** Why a run is about to be aborted while there is still time to save. */
export type CheckpointCause = "timeout" | "shutdown";

/** What an agent gives to be called, once, before its run is aborted. What it returns is waited for. */
export type SaveCheckpoint = (cause: CheckpointCause) => unknown;

/** What a run may ask of the worker that runs it. */
export interface Run {
  /** Aborts with an AbortError-like reason whose `cause` is `timeout`, `shutdown` or `lease lost`. Made on first use. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds at which the run is aborted. */
  readonly deadline: number;
  /** Moves the deadline to at least `seconds` from now (1..43,200; never past the lease's 12 hours); returns it. */
  extend(seconds: number): number;
  /** Reports a note on the way; it becomes a log line and a console entry. */
  progress(note: string): void;
  /**
   * Has `save` called once before the run is aborted because of its deadline or a shutdown, and waited for: five seconds
   * at most, a tenth of HANDLER_TIMEOUT_SECONDS or a fifth of SHUTDOWN_TIMEOUT_SECONDS where that is less. Then the signal
   * aborts. A message whose state was saved at its deadline comes again at once. Not called when the lease is lost:
   * another may be at work by then. A further call replaces `save`.
   */
  checkpoint(save: SaveCheckpoint): void;
  /**
   * Takes so much more of a budget than the run began with, or gives back what is below 0: `used - estimated`. Resolves
   * when the budget has it, which is at once unless it is overdrawn; runs that wait are served in their order. Rejects with
   * a RangeError where there is no such budget or all of it is less, and when the run is aborted meanwhile.
   */
  take(budget: string, amount: number): Promise<void>;
  /** The same for who knows the sums: what the run has taken in all by now, what it began with included. */
  took(totals: Uses): void;
  /**
   * With IDEMPOTENCY_TABLE: the message's key, to be handed on to what must happen once, and the fence of this run,
   * which grows with each run on the key (0 where the table was down and IDEMPOTENCY_ON_ERROR is open).
   */
  readonly idempotency?: { readonly key: string; readonly fence: number } | undefined;
}

/** A message that the agent's own decoder has read, before its run. One of the two has to be called, once. */
export interface OpenedMessage {
  readonly identity: Identity;
  /** As `Handler.run`. */
  run(run: Run): Promise<Outcome>;
  /** Instead of it: there is to be no run. Never rejects. */
  drop(): Promise<void>;
}

/** What a message came to before its run. */
export interface Ended {
  readonly ended: Outcome;
}

/** What its agent says that a message takes of budgets, or how it ended in there. */
export type Estimated = { readonly estimates: Estimates } | Ended;

/**
 * A way to run agents: in this process, a pool, a program, a service. `run` never rejects: its end is an Outcome. It
 * resolves when the agent has really ended and nothing of it lives on, since its slot is given away then.
 */
export interface Handler {
  /**
   * Made ready before the first receive; rejects with an error that says what to do. When `signal` aborts, the worker
   * is to stop: it resolves or rejects soon then.
   */
  start?(signal: AbortSignal): Promise<void>;
  run(message: ReceivedMessage, run: Run): Promise<Outcome>;
  /**
   * The first half of a run: what the message is by `identifier`, where only the agent's own decoder can tell, or how it ended
   * in there. Undefined where the agent has no decoder. Never rejects.
   */
  open?(message: ReceivedMessage, run: Run, identifier: Identifier): Promise<OpenedMessage | Ended> | undefined;
  /** What each message takes of which budget; looked at once, after `start`. */
  readonly uses?: DeclaredUses | undefined;
  /** What a message takes of the budgets that `uses` leaves to be estimated, or how it ended in there. Never rejects. */
  estimate?(message: ReceivedMessage): Promise<Estimated>;
  /** Called once, after the last run has ended. */
  stop?(): Promise<void>;
}
