import type { OutcomeKind } from "../pipeline/ports/outcome.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import type { WithoutRun } from "../pipeline/ports/telemetry.js";
import type { BudgetsView } from "./api-budgets.js";
import type { Step } from "./api-history.js";
import type { Level } from "./notable.js";

/*
 * The JSON that the page is fed with, and that `queuehand console` gathers from several workers.
 *
 *   GET  /api/now                      Opening
 *   GET  /api/events                   server-sent events: `tick` (Tick) once a second, and one named as the extra section
 *   GET  /api/history?range=hour|day   History
 *   GET  /api/errors                   ErrorGroups
 *   GET  /api/messages?…               Messages; the parameters are those of MessageFilter
 *   GET  /api/messages/ID              MessageDetail, of the latest delivery with that id; 404
 *   GET  /api/dead-letters             DeadLetterLook: what the last look found; looks at nothing itself
 *   POST /api/dead-letters/look        {} → DeadLetterLook
 *   POST /api/dead-letters/redrive     LetterChoice → LetterEnd      with actions alone
 *   POST /api/dead-letters/delete      LetterChoice → LetterEnd      with actions alone
 *   POST /api/dead-letters/edit        LetterEdit → LetterEnd        with actions alone
 *   GET  /api/NAME, POST /api/NAME/ACTION   of the extra section, where a mode has one
 *
 * What is told of the series is in `api-history.ts`, of deliveries and their errors in `api-messages.ts`, of dead letters in
 * `api-letters.ts`, of budgets in `api-budgets.ts`.
 *
 * Times are milliseconds since the epoch, durations milliseconds, unless a name says otherwise. What isn't known is left
 * out, in arrays null. An answer that is no success is `{ error }`.
 */

/** One entry of the console's list; never a body. */
export interface ConsoleEvent {
  /** Counts up from 1, with no gap among what is kept. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly level: Level;
  readonly what: string;
  readonly messageId?: string;
  readonly receiveCount?: number;
  /** An error or a reason, cut. */
  readonly detail?: string;
}

/** In milliseconds, of about the last minute. */
export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What only the queue knows. */
export interface QueueCounts {
  /** Messages that anybody may receive at this moment. */
  readonly waiting: number;
  /** Received by somebody and not yet deleted; those of this worker included. */
  readonly inFlight?: number;
  /** Sent with a delay that isn't over. */
  readonly delayed?: number;
  readonly deadLetters?: number;
}

/** One busy slot. */
export interface SlotView {
  readonly messageId: string;
  readonly receiveCount: number;
  readonly groupId?: string;
  readonly since: number;
  /** What its agent last reported of its progress, cut. */
  readonly note?: string;
}

/** Sums since the start, as the counters name them. */
export interface ConsoleTotals {
  readonly receives: number;
  readonly received: number;
  readonly settled: Readonly<Record<OutcomeKind, number>>;
  readonly uncertain: number;
  readonly deadLettered: number;
  readonly released: number;
  readonly withoutRun: Readonly<Record<WithoutRun, number>>;
  readonly retriedHere: number;
  readonly deferred: number;
  readonly receiveErrors: number;
  readonly settleErrors: number;
  readonly extendErrors: number;
  readonly leasesLost: number;
  readonly abortsIgnored: number;
  readonly crashes: number;
  readonly oddAnswers: number;
}

export interface Now {
  readonly queueName: string;
  /** Another one is another worker. */
  readonly startedAt: number;
  readonly now: number;
  readonly worker: Omit<WorkerStatus, "lastReceiveOkAt" | "budgets" | "budgetLimits">;
  /** Why it isn't ready; empty when it is. */
  readonly notReady: readonly string[];
  /** Tasks that work on the queue, as far as this one knows. */
  readonly tasks: number;
  readonly queue?: QueueCounts;
  /** The longest running first, a hundred at most; `worker.busy` is how many there are. */
  readonly slots: readonly SlotView[];
  readonly handled: number;
  /** Of the last five seconds. */
  readonly handledPerSecond: number;
  readonly receivedPerSecond: number;
  /** Of the last minute: the share of agents' ends that were done (0..1); undefined where none ended. */
  readonly successRate?: number;
  /** Of the last minute: ends that were retry, reject or leaseLost, and failures that are tried again here. */
  readonly failuresPerMinute: number;
  /** Receives in the last minute that no run followed. */
  readonly withoutRunPerMinute: number;
  /** Receives for each message handled, of the last minute: 0.1 is the least, as a receive brings ten at most. */
  readonly receivesPerMessage?: number;
  /** Sent to done, of messages that were done at their first receive; and of the others. */
  readonly firstTryMs?: Quantiles;
  readonly laterTryMs?: Quantiles;
  /** Sent to agent started, repeated tries included. */
  readonly inQueueMs?: Quantiles;
  /** Agent started to agent ended. */
  readonly agentMs?: Quantiles;
  /** Waits for budgets alone, before a run, of messages that take of any. */
  readonly budgetWaitMs?: Quantiles;
  readonly budgets?: BudgetsView;
  readonly totals: ConsoleTotals;
  /** Agents that run on at this moment although they were aborted. */
  readonly hungAgents: number;
  readonly receiveTrouble?: { readonly cause: string; readonly seconds: number };
  /** There while it is open: of how many agents how many failed. */
  readonly breaker?: { readonly failures: number; readonly of: number };
  /** Oldest first; in a tick those alone that came since the one before. */
  readonly events: readonly ConsoleEvent[];
  /** Events that were too many to keep. */
  readonly eventsLeftOut: number;
  /** Of the newest entry of Messages: when it grows there are new ones. */
  readonly newestMessage: number;
}

/** What `/api/now` answers: the same, and what the page can do. */
export interface Opening extends Now {
  readonly may: Permissions;
  /** A section that this mode adds to the page. */
  readonly extra?: { readonly name: string; readonly title: string };
}

export interface Permissions {
  /** Dead letters can be looked at. */
  readonly look: boolean;
  /** Dead letters can be sent back, edited and deleted: freely, with a token (`authorization: Bearer …`), or not at all. */
  readonly act: "free" | "token" | "no";
}

/** What each second brings: all that is shown now, and the newest step of the hour. */
export interface Tick {
  readonly now: Now;
  readonly step: Step;
}

/** One worker of a fleet's page. */
export interface FleetRow {
  /** Its page's address. */
  readonly target: string;
  /** Why it can't be shown. */
  readonly trouble?: string;
  readonly queueName?: string;
  readonly state?: Now["worker"]["state"];
  readonly ready?: boolean;
  readonly busy?: number;
  readonly slots?: number;
  readonly upSeconds?: number;
  readonly handledPerSecond?: number;
  readonly failuresPerMinute?: number;
  readonly successRate?: number;
  readonly firstTryMs?: Quantiles;
}
