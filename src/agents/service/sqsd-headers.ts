import type { Run } from "../../pipeline/ports/handler.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { traceOf } from "../../tracing/sender-trace.js";
import { traceparentOf, xrayHeaderOf } from "../../tracing/trace-headers.js";
import { isOfDaemon, scheduledTask } from "./scheduled-task.js";

/** Node's own servers refuse more than 16 KiB of headers; attributes may fill so much of it. */
const ATTRIBUTES_BYTES_MAX = 8_192;

/**
 * The headers by which Elastic Beanstalk's worker daemon tells of a message, so that an application that was written for
 * it works unchanged; binary attributes are left out, as by it. Attributes come from the sender: what a header can't carry
 * is percent-encoded, so none of them can end a header and begin another. Types other than String are in a header of ours.
 * @param queueName the last part of the queue's URL.
 */
export function sqsdHeaders(
  message: ReceivedMessage,
  queueName: string,
  idempotency?: Run["idempotency"],
  now = Date.now(),
): Record<string, string> {
  const { id, receiveCount, attributes, groupId, traceHeader, sentAt, senderId, decoded } = message;
  const headers: Record<string, string> = {
    "User-Agent": "aws-sqsd/3.0 (queuehand)",
    "Content-Type": decoded?.bytes ? "application/octet-stream" : "application/json",
    "X-Aws-Sqsd-Msgid": headerValue(id),
    "X-Aws-Sqsd-Queue": headerValue(queueName),
    "X-Aws-Sqsd-First-Received-At": firstReceivedAt(message, now),
    "X-Aws-Sqsd-Receive-Count": String(receiveCount),
  };
  if (sentAt !== undefined) headers["X-Aws-Sqsd-Sent-At"] = timeOf(sentAt);
  if (senderId !== undefined) headers["X-Aws-Sqsd-Sender-Id"] = headerValue(senderId);
  const task = scheduledTask(message);
  if (task) headers["X-Aws-Sqsd-Path"] = headerValue(task.path);
  if (task?.name !== undefined) headers["X-Aws-Sqsd-Taskname"] = headerValue(task.name);
  if (task?.scheduledAt !== undefined) headers["X-Aws-Sqsd-Scheduled-At"] = headerValue(task.scheduledAt);
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
  const types: string[] = [];
  for (const [name, { type, string }] of attributes) {
    if (string === undefined || !/^[\w.-]+$/.test(name) || (task && isOfDaemon(name))) continue;
    const header = `X-Aws-Sqsd-Attr-${name}`;
    const value = headerValue(string);
    const typed = type === "String" ? "" : `${name}=${headerValue(type)}`;
    const bytes = header.length + value.length + typed.length;
    if (bytes > room) continue;
    room -= bytes;
    headers[header] = value;
    if (typed) types.push(typed);
  }
  if (types.length > 0) headers["X-Queuehand-Attribute-Types"] = types.join(", ");
  return headers;
}

/** Where a server doesn't say: a first receive was just now, an earlier one at some time after the sending. */
function firstReceivedAt({ firstReceivedAt: told, receiveCount, sentAt }: ReceivedMessage, now: number): string {
  const at = told ?? (receiveCount > 1 && sentAt !== undefined ? sentAt : now);
  return timeOf(at);
}

const timeOf = (epoch: number) => new Date(epoch).toISOString().replace(/\.\d+Z$/, "Z");

/** Printable ASCII as it is, everything else, and % itself where there is such, percent-encoded as UTF-8. */
function headerValue(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.toWellFormed().replace(/[^\x20-\x7e]+|%/g, encodeURIComponent);
}
