import type { OutcomeKind } from "../pipeline/ports/outcome.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import type { WithoutRun } from "../pipeline/ports/telemetry.js";
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
  readonly worker: Omit<WorkerStatus, "lastReceiveOkAt">;
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

/** The series of the histories, each with one value a step. Counts are of the step itself, a day's too. */
export const SERIES = [
  "received",
  "done",
  "retry",
  "reject",
  "defer",
  "interrupted",
  "leaseLost",
  "waiting",
  "inFlight",
  "delayed",
  "deadLetters",
  "buffered",
  "busy",
  "slots",
  "tasks",
  "firstTryP50",
  "firstTryP95",
  "firstTryP99",
  "inQueueP50",
  "inQueueP99",
  "agentP50",
  "agentP99",
] as const;

export type SeriesName = (typeof SERIES)[number];

/** One step of a history. */
export interface Step {
  /** Its end. */
  readonly at: number;
  readonly values: Readonly<Record<SeriesName, number | null>>;
}

export type HistoryRange = "hour" | "day";

/** Steps of a second for an hour, or of a minute for a day; oldest first. */
export interface History {
  readonly range: HistoryRange;
  readonly stepSeconds: number;
  /** The end of each step. */
  readonly at: readonly number[];
  readonly series: Readonly<Record<SeriesName, readonly (number | null)[]>>;
}

/** Failures that are alike: as `dlq ls` groups dead letters. */
export interface ErrorGroup {
  /** Names the group in a filter. */
  readonly id: string;
  readonly kind: ErrorKind;
  /** Without what differs from message to message. */
  readonly error: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Of each minute of the last hour, oldest first. */
  readonly curve: readonly number[];
  /** The latest of them. */
  readonly example: { readonly messageId: string; readonly text: string; readonly stack?: string };
}

/** How the delivery ended; `retriedHere`: failed, and is tried again under its lease. */
export type ErrorKind = Exclude<OutcomeKind, "done"> | "retriedHere";

export interface ErrorGroups {
  readonly now: number;
  /** The most frequent first. */
  readonly groups: readonly ErrorGroup[];
  /** Failures that were too different to be kept apart. */
  readonly others: number;
}

/** How a delivery that is listed ended, or `running`, `released`. */
export type MessageState = OutcomeKind | "running" | "released";

/** Which deliveries are listed; all parts have to match. */
export interface MessageFilter {
  readonly outcome?: MessageState;
  /** An ErrorGroup's id. */
  readonly error?: string;
  /** The FIFO group, whole. */
  readonly group?: string;
  /** The message's id, or how it begins. */
  readonly key?: string;
  /** Part of id, group, error, note, or body where LOG_BODIES keeps it; upper and lower case alike. */
  readonly text?: string;
  /** 1..1000; 100 unless given. */
  readonly limit?: number;
}

export interface Messages {
  readonly now: number;
  /** Deliveries that are kept, a thousand at most; and those of them that match. */
  readonly kept: number;
  readonly matching: number;
  /** The newest first. */
  readonly messages: readonly MessageView[];
}

/** One delivery. */
export interface MessageView {
  /** Counts up; the newest has the greatest. */
  readonly number: number;
  readonly messageId: string;
  readonly receiveCount: number;
  readonly groupId?: string;
  readonly state: MessageState;
  /** When its state was reached. */
  readonly at: number;
  readonly inQueueMs?: number;
  readonly agentMs?: number;
  readonly error?: string;
}

export interface MessageDetail extends MessageView {
  readonly stages: readonly Stage[];
  /** Runs under this lease, the last included. */
  readonly runs: number;
  /** False: its outcome could not be carried out for sure, and it may come again. */
  readonly certain?: boolean;
  readonly deadLetter?: "copied" | "at its next receive";
  /** What its agent reported, oldest first; the last ten. */
  readonly notes: readonly { readonly at: number; readonly note: string }[];
  readonly errorGroup?: string;
  readonly stack?: string;
  readonly traceId?: string;
  /** Only with LOG_BODIES, cut. */
  readonly body?: string;
}

/** `buffered` = it began to wait for a slot; a stage may come more than once. */
export interface Stage {
  readonly name: "sent" | "received" | "buffered" | "started" | "extended" | "ended" | "settled" | "released";
  readonly at: number;
  readonly note?: string;
}

/** What a look into the dead-letter queue found. */
export interface DeadLetterLook {
  /** Undefined: nobody has looked yet. */
  readonly at?: number;
  readonly looking: boolean;
  /** Why the last look failed, or was not whole. */
  readonly trouble?: string;
  readonly seen: number;
  /** Letters in the queue when it began, as SQS counts them. */
  readonly approximate: number;
  readonly groups: readonly LetterGroupView[];
  /** The first of them, some hundreds at most. */
  readonly letters: readonly LetterView[];
}

/** Before anybody looked. */
export const NO_LOOK: DeadLetterLook = { looking: false, seen: 0, approximate: 0, groups: [], letters: [] };

export interface LetterGroupView {
  /** In words: how they came. */
  readonly reason: string;
  readonly error?: string;
  readonly count: number;
  readonly oldest?: number;
  readonly newest?: number;
  readonly example: string;
}

export interface LetterView {
  readonly id: string;
  readonly originalId: string;
  readonly reason: string;
  readonly error?: string;
  readonly receivesBefore?: number;
  readonly sentAt?: number;
  readonly groupId?: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Where bodies may be shown: in `dev`, with LOG_BODIES, with the token; cut. */
  readonly body?: string;
  /** True: the body shown isn't whole, and can't be edited here. */
  readonly bodyCut?: true;
}

/** Some letters by id, or all that a group's example stands for, or all. */
export interface LetterChoice {
  readonly ids?: readonly string[];
  /** A group of the last look: its reason and error. */
  readonly group?: { readonly reason: string; readonly error?: string };
  readonly all?: true;
}

export interface LetterEdit {
  readonly id: string;
  readonly body: string;
}

/** What was done: letters sent back or deleted, and those that were not, each with its reason. */
export interface LetterEnd {
  readonly done: number;
  readonly left: readonly { readonly id: string; readonly reason: string }[];
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
