import type { ReceivedMessage } from "../pipeline/ports/queue.js";
import { traceOf } from "./sender-trace.js";
import { traceFields } from "./trace-headers.js";

/** What each line about a message, or of its agent's, says of it. */
export function messageFields(message: ReceivedMessage) {
  const { id: messageId, receiveCount } = message;
  return { messageId, receiveCount, ...traceFields(traceOf(message)) };
}
