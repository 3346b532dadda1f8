import type { MessageAttribute } from "../ports/queue.js";
import { words } from "../ports/thrown.js";

/** What a dead letter that a worker has copied says of itself. */
export interface DeadLetterMarks {
  readonly reason?: string;
  /** The id that the message had at first. */
  readonly messageId?: string;
  /** Receives until it was rejected. */
  readonly receiveCount?: number;
}

/** The attribute that survives a redrive. */
export const ORIGINAL_ID = "QueuehandMessageId";
/** All three in one, where a message left no room for three. */
export const PACKED_MARKS = "Queuehand";
/** Every attribute of ours on a dead letter. */
export const MARK_NAMES: ReadonlySet<string> = new Set([
  "QueuehandReason",
  ORIGINAL_ID,
  "QueuehandReceiveCount",
  PACKED_MARKS,
]);

const GAVE_UP = /^gave up after \d+ receives: (.*)$/s;

/** The reason of a letter that failed as often as its queue allows. */
export function gaveUpReason(receiveCount: number, error: unknown): string {
  return `gave up after ${receiveCount} receives: ${words(error ?? "the agent failed")}`;
}

/** The agent's last error in such a reason; undefined if it is the reason of a rejection. */
export function lastErrorIn(reason: string): string | undefined {
  return GAVE_UP.exec(reason)?.[1];
}

const NONE: DeadLetterMarks = Object.freeze({});

/** The marks among a message's attributes; what isn't as we write it is left out. */
export function deadLetterMarks(attributes: ReadonlyMap<string, MessageAttribute>): DeadLetterMarks {
  if (attributes.size === 0) return NONE;
  const text = (name: string) => attributes.get(name)?.string;
  const packed = unpacked(text(PACKED_MARKS));
  const reason = text("QueuehandReason") ?? packed.reason;
  const messageId = text(ORIGINAL_ID) ?? packed.messageId;
  const receiveCount = Number(text("QueuehandReceiveCount") ?? packed.receiveCount);
  return {
    ...(typeof reason === "string" && { reason }),
    ...(typeof messageId === "string" && messageId !== "" && { messageId }),
    ...(receiveCount >= 1 && Number.isFinite(receiveCount) && { receiveCount }),
  };
}

function unpacked(text: string | undefined): { reason?: unknown; messageId?: unknown; receiveCount?: unknown } {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
