import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { deadLetterMarks, lastErrorIn } from "../../pipeline/settle/dead-letter-marks.js";
import { hasRoomForReason } from "./dead-letter-copy.js";
import { receivedMessage } from "./sqs-message.js";

/**
 * How a message came into a dead-letter queue: `rejected` = its agent said so; `receives` = it failed as often as its
 * queue allows, and a worker copied it with the last error, or SQS moved it without; `sent` = somebody sent it there;
 * `unmarked` = that, or a worker copied it and had no room on it to say why.
 */
export type LetterWay = "rejected" | "receives" | "sent" | "unmarked";

/** One message of a dead-letter queue. */
export interface Letter {
  readonly message: ReceivedMessage;
  readonly way: LetterWay;
  /** Why it was rejected, or the last error of its agent. */
  readonly reason: string | undefined;
  /** The id that the message had at first, as far as is known. */
  readonly originalId: string;
  /** How often it was received before it came here; undefined where nobody says. */
  readonly receivesBefore: number | undefined;
  /** The queue that SQS moved it from. */
  readonly sourceArn: string | undefined;
}

/** The system attributes to ask for: more than a worker needs. */
export const LETTER_ATTRIBUTES = ["All"] as const;

/** A letter of an answer; undefined without a receipt handle. */
export function letterOf(given: unknown): Letter | undefined {
  const message = receivedMessage(given);
  if (!message) return undefined;
  const { reason, messageId, receiveCount } = deadLetterMarks(message.attributes);
  const { Attributes } = given as { Attributes?: { DeadLetterQueueSourceArn?: unknown } | null };
  const arn = Attributes?.DeadLetterQueueSourceArn;
  const sourceArn = typeof arn === "string" && arn !== "" ? arn : undefined;
  const lastError = reason === undefined ? undefined : lastErrorIn(reason);
  return {
    message,
    way: wayOf(message, reason, sourceArn),
    reason: lastError ?? reason,
    originalId: messageId ?? message.id,
    receivesBefore: receiveCount,
    sourceArn,
  };
}

function wayOf(message: ReceivedMessage, reason: string | undefined, sourceArn: string | undefined): LetterWay {
  if (reason !== undefined) return lastErrorIn(reason) === undefined ? "rejected" : "receives";
  if (sourceArn !== undefined) return "receives";
  return hasRoomForReason(message) ? "sent" : "unmarked";
}
