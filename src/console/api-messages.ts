import type { OutcomeKind } from "../pipeline/ports/outcome.js";

/*
 * What the page is told of single deliveries (`/api/messages`), and of those that failed, by error (`/api/errors`); times as
 * in `api.ts`.
 */

/** How a delivery that is listed ended, or `running`, `waiting` for budgets, `released`. */
export type MessageState = OutcomeKind | "running" | "waiting" | "released";

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
  /** The budgets that it waits for. */
  readonly waitsFor?: readonly string[];
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
