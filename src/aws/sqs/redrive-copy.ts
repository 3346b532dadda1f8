import type { MessageAttribute } from "../../pipeline/ports/queue.js";
import { MARK_NAMES, ORIGINAL_ID } from "../../pipeline/settle/dead-letter-marks.js";
import { recordOf, sizeOf } from "../wire/wire-attributes.js";
import { ATTRIBUTES_MAX, BYTES_MAX, type SendEntry } from "./dead-letter-copy.js";
import type { Letter } from "./letter.js";

/** One entry of a send and its size as SQS counts it. */
export interface RedriveCopy {
  readonly entry: SendEntry;
  readonly bytes: number;
}

/**
 * A dead letter on its way back: body, group and the sender's attributes as they were, without the marks of the
 * dead-letter queue but with the id that the message had at first, if there is room for it.
 * @param body instead of the letter's own, if it was mended.
 */
export function redriveCopy({ message, originalId }: Letter, body: string, fifo: boolean): RedriveCopy {
  const attributes = new Map([...message.attributes].filter(([name]) => !MARK_NAMES.has(name)));
  let bytes = Buffer.byteLength(body);
  for (const [name, attribute] of attributes) bytes += sizeOf(name, attribute);
  const mark: MessageAttribute = { type: "String", string: originalId };
  const markBytes = sizeOf(ORIGINAL_ID, mark);
  if (attributes.size < ATTRIBUTES_MAX && bytes + markBytes <= BYTES_MAX) {
    attributes.set(ORIGINAL_ID, mark);
    bytes += markBytes;
  }
  const { groupId, traceHeader } = message;
  const group = groupId ?? (fifo ? originalId : undefined);
  const entry: SendEntry = {
    MessageBody: body,
    ...(attributes.size > 0 && { MessageAttributes: recordOf(attributes) }),
    ...(traceHeader !== undefined && {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: traceHeader } },
    }),
    ...(group !== undefined && { MessageGroupId: group }),
    // Not the id that it was sent with: SQS would take the copy and drop it, if that was less than five minutes ago. But
    // always the same for this letter, so that a redrive that was cut off and begun again sends it once.
    ...(fifo && { MessageDeduplicationId: `redrive-${message.id}` }),
  };
  return { entry, bytes };
}
