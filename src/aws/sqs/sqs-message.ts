import { hash } from "node:crypto";
import type { MessageAttribute, ReceivedMessage } from "../../pipeline/ports/queue.js";

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

/** The same for those who tell their agents who sent a message. */
export const WITH_SENDER = [...SYSTEM_ATTRIBUTES, "SenderId"] as const;

/** JSON of a server's: every field may be missing, or be anything. */
type Json = Readonly<Record<string, unknown>>;

/** Latest time that a Date can be made of, in milliseconds. */
const TIME_MAX = 8.64e15;

/**
 * One message of an answer, with defaults for what a server left out. Undefined without a receipt handle: nothing can
 * be done to such a message, and SQS shows it again by itself. One with a field that is none of SQS's is damaged.
 */
export function receivedMessage(given: unknown): ReceivedMessage | undefined {
  const message = objectOf(given);
  const handle = message?.ReceiptHandle;
  if (!message || typeof handle !== "string" || handle === "") return undefined;
  const fields = new Fields();
  const id = fields.text(message.MessageId, "MessageId") || handle;
  const body = fields.text(message.Body, "Body") ?? "";
  const system = fields.object(message.Attributes, "Attributes");
  const received: { -readonly [Key in keyof ReceivedMessage]: ReceivedMessage[Key] } = {
    id,
    handle,
    body,
    attributes: attributesOf(fields.object(message.MessageAttributes, "MessageAttributes"), fields),
    receiveCount: countOf(system.ApproximateReceiveCount),
    sentAt: timeOf(system.SentTimestamp),
    intact: true,
  };
  const firstReceivedAt = timeOf(system.ApproximateFirstReceiveTimestamp);
  const groupId = fields.text(system.MessageGroupId, "MessageGroupId");
  const sequenceNumber = fields.text(system.SequenceNumber, "SequenceNumber");
  const deduplicationId = fields.text(system.MessageDeduplicationId, "MessageDeduplicationId");
  const traceHeader = fields.text(system.AWSTraceHeader, "AWSTraceHeader");
  const senderId = fields.text(system.SenderId, "SenderId");
  if (senderId) received.senderId = senderId;
  if (firstReceivedAt) received.firstReceivedAt = firstReceivedAt;
  if (groupId) received.groupId = groupId;
  if (sequenceNumber) received.sequenceNumber = sequenceNumber;
  if (deduplicationId) received.deduplicationId = deduplicationId;
  if (traceHeader) received.traceHeader = traceHeader;
  const damage = fields.fault ?? (isIntact(body, message.MD5OfBody) ? undefined : "the body's MD5 doesn't match");
  if (damage !== undefined) {
    received.intact = false;
    received.damage = damage;
  }
  return received;
}

/** Checks the fields of a server's JSON, and keeps the first that is there and is not what SQS makes it. */
class Fields {
  fault: string | undefined;

  text(value: unknown, name: string): string | undefined {
    if (typeof value === "string") return value;
    if (value != null) this.fault ??= `its ${name} is no text`;
    // Without a body its agent would take it for an empty one.
    else if (value === null && name === "Body") this.fault ??= "its Body is null";
    return undefined;
  }

  object(value: unknown, name: string): Json {
    const object = objectOf(value);
    // Some languages write an empty object as an empty list.
    if (!object && value != null && !(Array.isArray(value) && value.length === 0)) {
      this.fault ??= `its ${name} is no object`;
    }
    return object ?? {};
  }
}

function attributesOf(given: Json, fields: Fields): ReceivedMessage["attributes"] {
  const names = Object.keys(given);
  if (names.length === 0) return NO_ATTRIBUTES;
  const attributes = new Map<string, MessageAttribute>();
  for (const name of names) {
    const attribute = objectOf(given[name]);
    if (!attribute) {
      fields.fault ??= `its attribute ${JSON.stringify(name)} is no object`;
      continue;
    }
    const string = fields.text(attribute.StringValue, "StringValue");
    const binary = fields.text(attribute.BinaryValue, "BinaryValue");
    attributes.set(name, {
      type: fields.text(attribute.DataType, "DataType") ?? "String",
      ...(string !== undefined && { string }),
      ...(binary !== undefined && { binary: Buffer.from(binary, "base64") }),
    });
  }
  return attributes;
}

const objectOf = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

const numberOf = (value: unknown) => (typeof value === "string" || typeof value === "number" ? Number(value) : 0);

function countOf(value: unknown): number {
  const count = numberOf(value);
  return Number.isSafeInteger(count) && count >= 1 ? count : 1;
}

function timeOf(value: unknown): number | undefined {
  const time = numberOf(value);
  return time > 0 && time <= TIME_MAX ? time : undefined;
}

/** True if the server gave no MD5: there is nothing to compare with. */
function isIntact(body: string, md5: unknown): boolean {
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
