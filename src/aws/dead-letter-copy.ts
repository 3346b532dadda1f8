import type { DeadLetter, MessageAttribute } from "../pipeline/queue.js";
import type { WireAttribute } from "./sqs-message.js";
import { recordOf, sizeOf } from "./wire-attributes.js";

/** SQS's bound for a message with its attributes, and for a whole batch. */
export const BYTES_MAX = 1_048_576;
/** SQS's bound for the attributes of one message. */
export const ATTRIBUTES_MAX = 10;
/** Longest reason that is kept, in characters: enough for a stack's head, too little to crowd a message out. */
const REASON_MAX = 1_024;

/** One entry of a SendMessageBatch in SQS's JSON, without its id. */
export interface SendEntry {
  readonly MessageBody: string;
  readonly MessageAttributes?: Readonly<Record<string, WireAttribute>>;
  readonly MessageSystemAttributes?: { readonly AWSTraceHeader: WireAttribute };
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

/** One entry of a send and its size as SQS counts it. */
export interface DeadLetterCopy {
  readonly entry: SendEntry;
  readonly bytes: number;
  /** What could not be added for want of room. The user's own attributes always stay. */
  readonly note?: string;
}

/**
 * The copy of a rejected message for the dead-letter queue: body and attributes as they were, plus
 * `QueuehandReason`, `QueuehandMessageId` and `QueuehandReceiveCount`. Where fewer than three of SQS's ten attributes
 * are free, one `Queuehand` attribute holds the three as JSON; where none is free, or no byte, they are left out.
 */
export function deadLetterCopy({ message, reason }: DeadLetter, fifo: boolean): DeadLetterCopy {
  const attributes = [...message.attributes];
  const own = new Set(attributes.map(([name]) => name));
  let bytes = Buffer.byteLength(message.body);
  for (const [name, attribute] of attributes) bytes += sizeOf(name, attribute);

  const marks = marksFor(message.id, message.receiveCount, printable(reason) || "rejected");
  let note: string | undefined;
  let chosen: [string, MessageAttribute][] = [];
  const free = ATTRIBUTES_MAX - attributes.length;
  const needs = (names: readonly [string, MessageAttribute][]) => names.filter(([name]) => !own.has(name)).length;
  const choices = [marks, [["Queuehand", packed(marks)]] as [string, MessageAttribute][]];
  const fitting = choices.find((choice) => needs(choice) <= free);
  if (!fitting)
    note = `all ${ATTRIBUTES_MAX} attributes are taken: copied without reason, original id and receive count`;
  else if (bytes + fitting.reduce((sum, [name, value]) => sum + sizeOf(name, value), 0) > BYTES_MAX) {
    note = `the message fills ${bytes} of ${BYTES_MAX} bytes: copied without reason, original id and receive count`;
  } else chosen = fitting;

  const all = new Map([...attributes, ...chosen]);
  const { groupId, traceHeader } = message;
  const group = groupId ?? (fifo ? message.id : undefined);
  const entry: SendEntry = {
    MessageBody: message.body,
    ...(all.size > 0 && { MessageAttributes: recordOf(all) }),
    ...(traceHeader !== undefined && {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: traceHeader } },
    }),
    ...(group !== undefined && { MessageGroupId: group }),
    // The same delivery copied twice (the answer to the first try got lost) is one dead letter.
    ...(fifo && { MessageDeduplicationId: `${message.id}-${message.receiveCount}`.slice(-128) }),
  };
  const total = bytes + chosen.reduce((sum, [name, value]) => sum + sizeOf(name, value), 0);
  return { entry, bytes: total, ...(note !== undefined && { note }) };
}

function marksFor(id: string, receiveCount: number, reason: string): [string, MessageAttribute][] {
  return [
    ["QueuehandReason", { type: "String", string: reason }],
    ["QueuehandMessageId", { type: "String", string: id }],
    ["QueuehandReceiveCount", { type: "Number", string: String(receiveCount) }],
  ];
}

function packed(marks: readonly [string, MessageAttribute][]): MessageAttribute {
  const [reason, messageId, receiveCount] = marks.map(([, { string }]) => string);
  return { type: "String", string: JSON.stringify({ reason, messageId, receiveCount: Number(receiveCount) }) };
}

/** SQS takes the characters of XML 1.0 alone; others become U+FFFD. */
function printable(reason: string): string {
  return reason
    .slice(0, REASON_MAX)
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .trim();
}
