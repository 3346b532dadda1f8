import type { TraceContext } from "./trace.js";

/** One message attribute as SQS carries it; `type` may have a custom suffix (`Number.int`). */
export interface MessageAttribute {
  readonly type: string;
  readonly string?: string;
  readonly binary?: Uint8Array;
}

/** One message as one receive brought it. */
export interface ReceivedMessage {
  readonly id: string;
  /** The receipt handle; only the latest one of a message is good. */
  readonly handle: string;
  readonly body: string;
  /** The producer's attributes; a Map, because a name may legally be `__proto__`. */
  readonly attributes: ReadonlyMap<string, MessageAttribute>;
  /** How often the message was received, this time included; 1 when the server didn't say. */
  readonly receiveCount: number;
  /** Epoch milliseconds, or undefined when the server didn't say. */
  readonly sentAt: number | undefined;
  /** Epoch milliseconds of the first receive, by whomever; unset when the server didn't say. */
  readonly firstReceivedAt?: number;
  readonly groupId?: string;
  readonly sequenceNumber?: string;
  readonly deduplicationId?: string;
  /** The `AWSTraceHeader` system attribute. */
  readonly traceHeader?: string;
  /** False when the body's MD5 doesn't match, or a field is malformed: the message must not be handed to an agent. */
  readonly intact: boolean;
  /** What is wrong with one that isn't intact. */
  readonly damage?: string;
  /** The span of its run, put there by whoever traces runs. Unset: where it stands is what its sender wrote, if anything. */
  trace?: TraceContext;
  /** Who sent it, as IAM names them; unset where nobody asked for it. */
  readonly senderId?: string;
  /** Set where `body` and `attributes` are what was inside of something that a decoder took off. */
  readonly decoded?: DecodedBody;
}

/** What more there is to say of a body that was inside of something. */
export interface DecodedBody {
  /** The body as it was sent. */
  readonly raw: string;
  /** The body itself where it is no text; `body` is its base64 then. */
  readonly bytes?: Uint8Array;
  /** What makes two such messages the same, as canonical JSON; the body where unset. May throw. */
  readonly said?: () => string;
}

/** How one entry of a batch ended: `stale` = the handle no longer holds the message, `again` = worth another try. */
export type EntryResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly kind: "stale" | "again" | "refused"; readonly detail: string };

/** A visibility change: 0 makes the message visible at once; at most 43,200 seconds. */
export interface VisibilityChange {
  readonly handle: string;
  readonly seconds: number;
}

/** What goes to the dead-letter queue for a rejected message. */
export interface DeadLetter {
  readonly message: ReceivedMessage;
  readonly reason: string;
}

/** Most entries that SQS takes in one batch call, and most messages that it gives in one receive. */
export const BATCH_MAX = 10;

/** Longest time, in seconds, that SQS hides a message: 12 hours, counted from the receive that hid it. */
export const VISIBILITY_MAX_SECONDS = 43_200;

/** A call that failed as a whole. `fatal` = trying again won't help (queue gone, access denied, key disabled). */
export class QueueError extends Error {
  override readonly name = "QueueError";
  constructor(
    readonly kind: "fatal" | "throttled" | "unreachable" | "malformed" | "deadline",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The port through which the pipeline sees a queue. Every method may reject with a QueueError; batch methods answer
 * per entry, in the order asked, and take at most BATCH_MAX entries. An aborted signal ends the wait for an answer.
 */
export interface Queue {
  /** Long-polls for at most `max` messages (1..10) for `waitSeconds` (0..20); they are hidden from then on. */
  receive(max: number, waitSeconds: number, signal: AbortSignal): Promise<ReceivedMessage[]>;
  delete(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]>;
  changeVisibility(changes: readonly VisibilityChange[], signal: AbortSignal): Promise<EntryResult[]>;
  /** After so many receives the queue gives a message up to its dead-letter queue, or never; unset where nobody knows. */
  readonly maxReceiveCount?: number | undefined;
  /**
   * Copies rejected messages to the dead-letter queue; undefined, from the start on, where there is none. A queue that
   * has yet to find out keeps it, and refuses each letter once it knows that there is none: a copy may be on its way.
   */
  readonly copyToDeadLetters:
    | ((letters: readonly DeadLetter[], signal: AbortSignal) => Promise<EntryResult[]>)
    | undefined;
  /** True once it is known that there is no dead-letter queue; for a queue that had to find out. */
  readonly hasNoDeadLetters?: boolean | undefined;
}
