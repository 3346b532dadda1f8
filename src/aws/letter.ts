import { deadLetterMarks } from "../pipeline/dead-letter-marks.js";
import type { ReceivedMessage } from "../pipeline/queue.js";
import { receivedMessage, type WireMessage } from "./sqs-message.js";

/**
 * How a message came into a dead-letter queue: `rejected` = a worker copied it, with its reason; `receives` = SQS moved
 * it after too many receives, and knows no reason; `sent` = neither, somebody sent it there.
 */
export type LetterWay = "rejected" | "receives" | "sent";

/** One message of a dead-letter queue. */
export interface Letter {
  readonly message: ReceivedMessage;
  readonly way: LetterWay;
  /** Why a worker rejected it. */
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
export function letterOf(wire: WireMessage): Letter | undefined {
  const message = receivedMessage(wire);
  if (!message) return undefined;
  const { reason, messageId, receiveCount } = deadLetterMarks(message.attributes);
  const sourceArn = wire.Attributes?.DeadLetterQueueSourceArn || undefined;
  return {
    message,
    way: reason !== undefined ? "rejected" : sourceArn !== undefined ? "receives" : "sent",
    reason,
    originalId: messageId ?? message.id,
    receivesBefore: receiveCount,
    sourceArn,
  };
}
