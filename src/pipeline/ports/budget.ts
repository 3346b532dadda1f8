import type { ReceivedMessage } from "./queue.js";

/** What is taken of which budget, in whatever that counts: calls, tokens of a model, pages. */
export type Uses = Readonly<Record<string, number>>;

/** Instead of an amount: the handler's `estimate` tells it of each message. */
export const ESTIMATED = "estimated";

/** The same as it is declared, before there is a message; a function is called once for each. */
export type DeclaredUses = Readonly<Record<string, number | typeof ESTIMATED | ((message: ReceivedMessage) => number)>>;

/** What an agent says that a message takes: not looked at yet. */
export type Estimates = Readonly<Record<string, unknown>>;

/** A budget of the whole service: `amount` in every `perSeconds`, and at most `atOnce` runs at the same time. */
export interface BudgetSpec {
  readonly name: string;
  readonly amount: number;
  readonly perSeconds: number;
  readonly atOnce?: number | undefined;
}

/** What one run has of its budgets. */
export interface Grant {
  /**
   * Takes so much more, or gives back what is below 0, of what the run has taken. Resolves when the budget has it: at once unless it is overdrawn.
   * Rejects with a RangeError when there is no such budget or it is smaller than that, and with the signal's reason.
   */
  take(name: string, amount: number, signal: () => AbortSignal): Promise<void>;
  /** What the run has taken in all, from its start on; throws a RangeError as `take` rejects. */
  took(totals: Uses): void;
  /** What the run began with was not taken, where its agent has not said otherwise; `but` of these budgets. */
  giveBack(but?: (name: string) => boolean): void;
  /** The run has ended; `well`: its provider takes calls. */
  end(well: boolean): void;
}

/** A budget at one moment, as one task has it. */
export interface BudgetStatus {
  readonly name: string;
  /** Of the whole service, as it was told; undefined: learned from a provider's word. */
  readonly spec: BudgetSpec | undefined;
  /** This task's share of the rate, in a second; undefined while nobody knows a limit. */
  readonly perSecond: number | undefined;
  /** Of that rate, the part that was taken over about the last ten seconds: 0..1 and sometimes a little above. */
  readonly usedShare: number;
  /** The same as an amount a second, known without a limit as well. */
  readonly usedPerSecond: number;
  /** Taken in all, by this task. */
  readonly taken: number;
  /** Runs that hold it. */
  readonly running: number;
  /** Runs of this task that may hold it at once; undefined: as many as there are slots. */
  readonly atOnce: number | undefined;
  /** Messages in hand that it keeps waiting, and for how long the first of them has waited for budgets alone. */
  readonly waiting: number;
  readonly longestWaitSeconds: number;
  /** Whether the table that it is shared by answers; undefined: it is divided. */
  readonly tableAnswers: boolean | undefined;
  /** Seconds for which its provider wants no call; 0: it takes some. */
  readonly pausedSeconds: number;
  /** How often its provider said that it was too much. */
  readonly pauses: number;
}

/** What a budget keeps waiting. */
export interface BudgetWait {
  readonly messages: number;
  /** Milliseconds for which the first has waited for budgets alone. */
  readonly longestMs: number;
}

/** Names as settings and headers can hold them. */
export const BUDGET_NAME = /^[A-Za-z][\w.-]{0,63}$/;

/** Why so much can't be taken, or undefined. */
export function amountFault(name: string, amount: unknown): string | undefined {
  if (typeof amount === "number" && Number.isFinite(amount)) return undefined;
  return `an amount of the budget ${name} must be a number, got ${typeof amount === "number" ? amount : typeof amount}`;
}

/** The same of an estimate, or of a sum of what was taken. */
export function estimateFault(name: string, amount: unknown): string | undefined {
  const fault = amountFault(name, amount);
  if (fault || (amount as number) >= 0) return fault;
  return `an amount of the budget ${name} can't be below 0, got ${amount}`;
}
