import type { MessageAttribute, ReceivedMessage } from "../../pipeline/ports/queue.js";

/** What an SQS event source mapping hands to a Lambda function; only what is read here. */
export interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

export interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly messageAttributes?: Readonly<
    Record<string, { readonly dataType: string; readonly stringValue?: string; readonly binaryValue?: string }>
  >;
  readonly eventSourceARN?: string;
}

/** @throws TypeError when the event is of another source: a function may be invoked by anything. */
export function recordsOf(event: SqsEvent): readonly SqsRecord[] {
  const records: unknown = (event as SqsEvent | null)?.Records;
  if (Array.isArray(records) && records.every(isSqs)) return records;
  const first = Array.isArray(records) ? records[0] : event;
  const what = first && typeof first === "object" ? `{ ${Object.keys(first).slice(0, 10).join(", ")} }` : String(first);
  throw new TypeError(`toLambda takes the events of an SQS event source mapping, got ${what}`);
}

/** By its id alone: what else is odd in one record is no fault of the others. */
function isSqs(record: Partial<SqsRecord> | null): boolean {
  return typeof record?.messageId === "string" && "body" in record;
}

/** The record as a worker would have received it; one with a field that is none of SQS's is damaged. */
export function receivedFromRecord(record: SqsRecord): ReceivedMessage {
  const { messageId: id, receiptHandle: handle } = record;
  const body = typeof record.body === "string" ? record.body : undefined;
  const system = record.attributes ?? {};
  const attributes = new Map<string, MessageAttribute>();
  let damage = body === undefined ? "its body is no text" : undefined;
  for (const [name, attribute] of Object.entries(record.messageAttributes ?? {})) {
    const { dataType: type, stringValue, binaryValue } = attribute ?? {};
    const value = stringValue ?? binaryValue;
    if (typeof type !== "string" || (value != null && typeof value !== "string")) {
      damage ??= `its attribute ${JSON.stringify(name)} is none of SQS's`;
    } else if (stringValue != null) attributes.set(name, { type, string: stringValue });
    else if (binaryValue != null) attributes.set(name, { type, binary: Buffer.from(binaryValue, "base64") });
  }
  const sentAt = Number(system.SentTimestamp);
  return {
    id,
    handle,
    body: body ?? "",
    attributes,
    receiveCount: Math.max(1, Number(system.ApproximateReceiveCount) || 1),
    sentAt: sentAt > 0 ? sentAt : undefined,
    ...(system.MessageGroupId ? { groupId: system.MessageGroupId } : {}),
    ...(system.SequenceNumber ? { sequenceNumber: system.SequenceNumber } : {}),
    ...(system.MessageDeduplicationId ? { deduplicationId: system.MessageDeduplicationId } : {}),
    ...(system.AWSTraceHeader ? { traceHeader: system.AWSTraceHeader } : {}),
    // The body's MD5 was checked by Lambda.
    intact: damage === undefined,
    ...(damage === undefined ? {} : { damage }),
  };
}
