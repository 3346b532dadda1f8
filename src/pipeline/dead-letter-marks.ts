import type { MessageAttribute } from "./queue.js";

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
    ...(receiveCount >= 1 && { receiveCount }),
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
