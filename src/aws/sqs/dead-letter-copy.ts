import type { DeadLetter, MessageAttribute, ReceivedMessage } from "../../pipeline/ports/queue.js";
import { deadLetterMarks, MARK_NAMES, ORIGINAL_ID, PACKED_MARKS } from "../../pipeline/settle/dead-letter-marks.js";
import type { WireAttribute } from "../wire/wire-attributes.js";
import { recordOf, sizeOf } from "../wire/wire-attributes.js";

/** SQS's bound for a message with its attributes, and for a whole batch. */
export const BYTES_MAX = 1_048_576;
/** SQS's bound for the attributes of one message. */
export const ATTRIBUTES_MAX = 10;
/** Longest reason that is kept, in characters: enough for a stack's head, too little to crowd a message out. */
const REASON_MAX = 1_024;
/** With less room than this no reason is put on a letter: it would say too little. */
const MARK_BYTES_MIN = 200;

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
 * `QueuehandReason`, `QueuehandMessageId` (the id that it had at first) and `QueuehandReceiveCount`. Where there is less
 * room, of SQS's ten attributes or in bytes, one `Queuehand` attribute holds the three as JSON, with the reason cut if
 * need be; else the id stands alone; where there is room for nothing, they are left out.
 */
export function deadLetterCopy({ message, reason }: DeadLetter, fifo: boolean): DeadLetterCopy {
  const attributes = new Map([...message.attributes].filter(([name]) => !MARK_NAMES.has(name)));
  const bytes = bytesOf({ body: message.body, attributes });
  const { receiveCount } = message;
  const messageId = deadLetterMarks(message.attributes).messageId ?? message.id;
  const marks = marksFitting({ messageId, receiveCount, reason: printable(reason) || "rejected" }, attributes, bytes);

  const all = new Map([...attributes, ...marks]);
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
    ...(fifo && { MessageDeduplicationId: `${message.id}-${receiveCount}`.slice(-128) }),
  };
  const note = noteOn(marks, attributes.size, bytes);
  return { entry, bytes: bytes + bytesOfAll(marks), ...(note !== undefined && { note }) };
}

/** Whether a copy of such a message would carry a reason. */
export function hasRoomForReason(message: Pick<ReceivedMessage, "body" | "attributes">): boolean {
  return message.attributes.size < ATTRIBUTES_MAX && bytesOf(message) + MARK_BYTES_MIN <= BYTES_MAX;
}

interface Marks {
  readonly reason: string;
  readonly messageId: string;
  readonly receiveCount: number;
}

type Attributes = readonly (readonly [name: string, attribute: MessageAttribute])[];

function marksFitting(marks: Marks, attributes: ReadonlyMap<string, unknown>, bytes: number): Attributes {
  const { reason, messageId, receiveCount } = marks;
  const id = [ORIGINAL_ID, text(messageId)] as const;
  const apart = [
    ["QueuehandReason", text(reason)],
    id,
    ["QueuehandReceiveCount", { type: "Number", string: String(receiveCount) }],
  ] as const;
  const room = BYTES_MAX - bytes;
  const fits = (chosen: Attributes) => attributes.size + chosen.length <= ATTRIBUTES_MAX && bytesOfAll(chosen) <= room;
  if (fits(apart)) return apart;
  if (room >= MARK_BYTES_MIN) {
    for (let kept = reason; kept !== ""; kept = kept.slice(0, Math.floor(kept.length * CUT)).toWellFormed()) {
      const packed = [[PACKED_MARKS, text(JSON.stringify({ reason: kept, messageId, receiveCount }))]] as const;
      if (fits(packed)) return packed;
      if (attributes.size >= ATTRIBUTES_MAX) break;
    }
  }
  return fits([id]) ? [id] : [];
}

/** Share of a reason that is kept at each try to have it fit. */
const CUT = 0.9;

function noteOn(marks: Attributes, count: number, bytes: number): string | undefined {
  if (marks.length > 1 || marks[0]?.[0] === PACKED_MARKS) return undefined;
  const without = marks.length === 1 ? "reason and receive count" : "reason, original id and receive count";
  return count >= ATTRIBUTES_MAX
    ? `all ${ATTRIBUTES_MAX} attributes are taken: copied without ${without}`
    : `the message fills ${bytes} of ${BYTES_MAX} bytes: copied without ${without}`;
}

const text = (string: string): MessageAttribute => ({ type: "String", string });

function bytesOf({ body, attributes }: Pick<ReceivedMessage, "body" | "attributes">): number {
  return Buffer.byteLength(body) + bytesOfAll([...attributes]);
}

function bytesOfAll(attributes: Attributes): number {
  return attributes.reduce((sum, [name, attribute]) => sum + sizeOf(name, attribute), 0);
}

/** Escape sequences of terminals, whole: colours and the like, and what sets a title or a link. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const ESCAPES = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** SQS takes the characters of XML 1.0 alone; others become U+FFFD. */
function printable(reason: string): string {
  return reason
    .slice(0, REASON_MAX)
    .replace(ESCAPES, "")
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .trim();
}
