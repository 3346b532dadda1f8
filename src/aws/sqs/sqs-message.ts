import { hash } from "node:crypto";
import type { MessageAttribute, ReceivedMessage } from "../../pipeline/ports/queue.js";
import type { WireAttribute } from "../wire/wire-attributes.js";

/** A message in SQS's JSON. Every field may be missing: servers and proxies are what they are. */
export interface WireMessage {
  readonly MessageId?: string;
  readonly ReceiptHandle?: string;
  readonly Body?: string;
  readonly MD5OfBody?: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, WireAttribute>>;
}

/** Shared by all messages without attributes, which is most of them. */
const NO_ATTRIBUTES: ReadonlyMap<string, MessageAttribute> = new Map();

/** What to ask for with each message; naming them keeps answers small and free of what nobody reads. */
export const SYSTEM_ATTRIBUTES = [
  "ApproximateReceiveCount",
  "ApproximateFirstReceiveTimestamp",
  "SentTimestamp",
  "MessageGroupId",
  "SequenceNumber",
  "MessageDeduplicationId",
  "AWSTraceHeader",
] as const;

/**
 * One message of an answer, with defaults for what a server left out. Undefined without a receipt handle: nothing can
 * be done to such a message, and SQS shows it again by itself.
 */
export function receivedMessage(message: WireMessage): ReceivedMessage | undefined {
  const handle = message.ReceiptHandle;
  if (!handle) return undefined;
  const body = typeof message.Body === "string" ? message.Body : "";
  const system = message.Attributes ?? {};
  const sentAt = Number(system.SentTimestamp);
  const firstReceivedAt = Number(system.ApproximateFirstReceiveTimestamp);
  const received: { -readonly [Key in keyof ReceivedMessage]: ReceivedMessage[Key] } = {
    id: message.MessageId || handle,
    handle,
    body,
    attributes: attributesOf(message.MessageAttributes),
    receiveCount: Math.max(1, Number(system.ApproximateReceiveCount) || 1),
    sentAt: sentAt > 0 ? sentAt : undefined,
    intact: isIntact(body, message.MD5OfBody),
  };
  if (firstReceivedAt > 0) received.firstReceivedAt = firstReceivedAt;
  if (system.MessageGroupId) received.groupId = system.MessageGroupId;
  if (system.SequenceNumber) received.sequenceNumber = system.SequenceNumber;
  if (system.MessageDeduplicationId) received.deduplicationId = system.MessageDeduplicationId;
  if (system.AWSTraceHeader) received.traceHeader = system.AWSTraceHeader;
  return received;
}

function attributesOf(given: WireMessage["MessageAttributes"]) {
  if (!given) return NO_ATTRIBUTES;
  const attributes = new Map<string, MessageAttribute>();
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(given)) {
    attributes.set(name, {
      type: DataType ?? "String",
      ...(StringValue !== undefined && { string: StringValue }),
      ...(BinaryValue !== undefined && { binary: Buffer.from(BinaryValue, "base64") }),
    });
  }
  return attributes.size === 0 ? NO_ATTRIBUTES : attributes;
}

/** True if the server gave no MD5: there is nothing to compare with. */
function isIntact(body: string, md5: string | undefined): boolean {
  return !md5 || !md5Works || hash("md5", body) === md5;
}

/** An OpenSSL in FIPS mode has no MD5. */
const md5Works = (() => {
  try {
    return hash("md5", "").length > 0;
  } catch {
    return false;
  }
})();
