import type { Run } from "../../pipeline/ports/handler.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { traceOf } from "../../tracing/sender-trace.js";
import { traceparentOf } from "../../tracing/trace-headers.js";

/**
 * A message's data as a program finds them in the file that QUEUEHAND_MESSAGE_FILE names; the body comes on stdin.
 * Attributes are strings, binary ones `{"base64":"..."}`, with their types beside them; times are epoch milliseconds.
 * The deadline is the run's at its beginning.
 */
export function messageFile(message: ReceivedMessage, { deadline, idempotency }: Run): string {
  const attributes: Record<string, string | { base64: string }> = Object.create(null);
  for (const [name, { string, binary }] of message.attributes) {
    if (string !== undefined) attributes[name] = string;
    else if (binary) attributes[name] = { base64: Buffer.from(binary).toString("base64") };
  }
  const attributeTypes: Record<string, string> = Object.create(null);
  for (const [name, { type }] of message.attributes) attributeTypes[name] = type;
  const { id, groupId, sequenceNumber, deduplicationId, receiveCount, sentAt } = message;
  const trace = traceOf(message);
  return JSON.stringify({
    id,
    attributes,
    attributeTypes,
    groupId,
    sequenceNumber,
    deduplicationId,
    receiveCount,
    sentAt,
    deadline: Math.round(deadline),
    traceparent: trace && traceparentOf(trace),
    tracestate: trace?.state,
    idempotency,
  });
}
