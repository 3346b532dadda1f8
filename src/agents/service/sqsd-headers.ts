import type { Run } from "../../pipeline/ports/handler.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { traceOf } from "../../tracing/sender-trace.js";
import { traceparentOf, xrayHeaderOf } from "../../tracing/trace-headers.js";

/** Node's own servers refuse more than 16 KiB of headers; attributes may fill so much of it. */
const ATTRIBUTES_BYTES_MAX = 8_192;

/**
 * The headers by which Elastic Beanstalk's worker daemon tells of a message, so that an application that was written for
 * it works unchanged. Attributes come from the sender: what a header can't carry is percent-encoded, so none of them can
 * end a header and begin another.
 * @param queueName the last part of the queue's URL.
 */
export function sqsdHeaders(
  message: ReceivedMessage,
  queueName: string,
  idempotency?: Run["idempotency"],
  now = Date.now(),
): Record<string, string> {
  const { id, receiveCount, attributes, groupId, traceHeader } = message;
  const headers: Record<string, string> = {
    "User-Agent": "aws-sqsd/3.0 (queuehand)",
    "Content-Type": "application/json",
    "X-Aws-Sqsd-Msgid": headerValue(id),
    "X-Aws-Sqsd-Queue": headerValue(queueName),
    "X-Aws-Sqsd-First-Received-At": firstReceivedAt(message, now),
    "X-Aws-Sqsd-Receive-Count": String(receiveCount),
  };
  if (groupId !== undefined) headers["X-Queuehand-Group-Id"] = headerValue(groupId);
  if (idempotency) {
    headers["X-Queuehand-Idempotency-Key"] = headerValue(idempotency.key);
    headers["X-Queuehand-Idempotency-Fence"] = String(idempotency.fence);
  }
  const trace = traceOf(message);
  if (traceHeader !== undefined) {
    headers["X-Amzn-Trace-Id"] = message.trace ? xrayHeaderOf(message.trace) : headerValue(traceHeader);
  }
  if (trace) headers.traceparent = traceparentOf(trace);
  if (trace?.state) headers.tracestate = trace.state;
  let room = ATTRIBUTES_BYTES_MAX;
  for (const [name, { string, binary }] of attributes) {
    if (!/^[\w.-]+$/.test(name)) continue;
    const value = string === undefined ? Buffer.from(binary ?? []).toString("base64") : headerValue(string);
    const header = `X-Aws-Sqsd-Attr-${name}`;
    if (header.length + value.length > room) continue;
    room -= header.length + value.length;
    headers[header] = value;
  }
  return headers;
}

/** Where a server doesn't say: a first receive was just now, an earlier one at some time after the sending. */
function firstReceivedAt({ firstReceivedAt: told, receiveCount, sentAt }: ReceivedMessage, now: number): string {
  const at = told ?? (receiveCount > 1 && sentAt !== undefined ? sentAt : now);
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Printable ASCII as it is, everything else, and % itself where there is such, percent-encoded as UTF-8. */
function headerValue(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.toWellFormed().replace(/[^\x20-\x7e]+|%/g, encodeURIComponent);
}
