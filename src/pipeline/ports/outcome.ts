import { BUDGET_NAME } from "./budget.js";
import { VISIBILITY_MAX_SECONDS } from "./queue.js";
import { cut, isError, read, textOf } from "./thrown.js";

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
      /** Set where no agent ran: the message waits for another's run with its key, or for the time that its producer named. */
      readonly awaitsRun?: true;
      /** Budgets that a provider wants no call of for now, and for how many seconds; undefined: the usual pause. */
      readonly busy?: Readonly<Record<string, number | undefined>>;
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

const isSeconds = (seconds: unknown): seconds is number =>
  typeof seconds === "number" && seconds >= 0 && seconds <= VISIBILITY_MAX_SECONDS;

const secondsFault = (verb: string, seconds: unknown) =>
  `${verb} takes between 0 and ${VISIBILITY_MAX_SECONDS} seconds, got ${textOf(seconds)}`;

function checkedSeconds(verb: string, seconds: number): number {
  if (isSeconds(seconds)) return seconds;
  throw new RangeError(secondsFault(verb, seconds));
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

/**
 * Thrown by an agent: the provider behind a budget takes no call for `seconds` (0..43,200; unset: 1, and twice as long each
 * time). Nothing that uses the budget is started meanwhile, and the message, whose try isn't counted, waits as well.
 */
export class Busy extends Error {
  override readonly name = "Busy";
  readonly budget: string;
  readonly seconds: number | undefined;
  constructor(budget: string, seconds?: number, reason = `${budget} is busy`, options?: ErrorOptions) {
    super(reason, options);
    if (typeof budget !== "string" || !BUDGET_NAME.test(budget)) throw new TypeError(budgetFault(budget));
    this.budget = budget;
    this.seconds = seconds === undefined ? undefined : checkedSeconds("Busy", seconds);
  }
}

const budgetFault = (name: unknown) => `Busy takes the name of a budget (letters, digits, . - _), got ${textOf(name)}`;

/** Longest reason, in characters: what is kept of it in the dead letters is shorter. */
const REASON_MAX = 4_000;

/**
 * The outcome of a run that threw `error`, whatever that is; never throws. A verb is known by its name, since an agent
 * may carry its own copy of this package, and is held to what ours hold: else it is a plain retry that says what was wrong.
 */
export function outcomeOfError(error: unknown): Outcome {
  if (error === undefined) return retryFor("the agent threw undefined");
  if (!isError(error)) return { kind: "retry", error };
  const verb = read(error, "name");
  if (verb !== "Retry" && verb !== "Reject" && verb !== "Defer" && verb !== "Busy") return { kind: "retry", error };
  const message = read(error, "message");
  if (typeof message !== "string") {
    return retryFor(`${verb} takes a reason that is text, got ${textOf(message)}`);
  }
  const reason = cut(message, REASON_MAX).toWellFormed();
  if (verb === "Reject") return { kind: "reject", reason: reason || "rejected by the agent" };
  const seconds = read(error, "seconds");
  if (seconds !== undefined && !isSeconds(seconds)) return retryFor(secondsFault(verb, seconds));
  const after = seconds === undefined ? {} : { afterSeconds: seconds };
  if (verb === "Busy") {
    const budget = read(error, "budget");
    if (typeof budget !== "string" || !BUDGET_NAME.test(budget)) return retryFor(budgetFault(budget));
    return { kind: "defer", reason: reason || `${budget} is busy`, ...after, busy: { [budget]: seconds } };
  }
  return verb === "Retry" ? { kind: "retry", error, ...after } : { kind: "defer", reason, ...after };
}

/** `outcome` if it is one that can be carried out, else a plain retry that says what was wrong with it; never throws. */
export function checkedOutcome(outcome: Outcome): Outcome {
  if (typeof outcome === "object" && outcome !== null && isSound(outcome)) return outcome;
  return retryFor(`a handler's run ends with an outcome, got ${textOf(outcome)}`);
}

function isSound(outcome: Outcome): boolean {
  const seconds = read(outcome, "afterSeconds");
  switch (read(outcome, "kind") as OutcomeKind) {
    case "done":
    case "interrupted":
    case "leaseLost":
      return true;
    case "reject":
      return typeof read(outcome, "reason") === "string";
    case "defer":
      return (
        typeof read(outcome, "reason") === "string" &&
        (seconds === undefined || isSeconds(seconds)) &&
        (read(outcome, "busy") === undefined || isBusyness(read(outcome, "busy")))
      );
    case "retry":
      return seconds === undefined || isSeconds(seconds);
    default:
      return false;
  }
}

/** What JSON tells of busy budgets: seconds, or null for the usual pause; undefined where it makes no sense. */
export function busynessOf(told: unknown): Readonly<Record<string, number | undefined>> | undefined {
  if (typeof told !== "object" || told === null) return undefined;
  const busy = Object.fromEntries(Object.entries(told).map(([name, each]) => [name, each ?? undefined]));
  return isBusyness(busy) ? busy : undefined;
}

/** Whether it names budgets, one at least, each with seconds or without. */
function isBusyness(busy: unknown): boolean {
  if (typeof busy !== "object" || busy === null) return false;
  const budgets = Object.entries(busy);
  if (budgets.length === 0) return false;
  return budgets.every(([name, each]) => BUDGET_NAME.test(name) && (each === undefined || isSeconds(each)));
}

const retryFor = (fault: string): Outcome => ({ kind: "retry", error: new Error(fault) });
