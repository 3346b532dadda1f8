import type { MessageAttribute, ReceivedMessage } from "../pipeline/ports/queue.js";
import type { TraceContext } from "../pipeline/ports/trace.js";
import { traceOf } from "../tracing/sender-trace.js";

/** What an agent is given to work on. */
export interface Message<Body = unknown> {
  readonly id: string;
  /** The body as JSON when it parses, else the string; with a schema, what the schema made of it. */
  readonly body: Body;
  /** The body as it was sent. */
  readonly raw: string;
  /** By name, without a prototype: strings for the types String and Number, bytes for Binary. */
  readonly attributes: Readonly<Record<string, string | Uint8Array>>;
  /** The MessageGroupId: FIFO group or fair-queue tenant. */
  readonly groupId?: string;
  /** How often the message was received, this time included (1, 2, ...). */
  readonly receiveCount: number;
  /** Epoch milliseconds at which it was sent; undefined when the server didn't say. */
  readonly sentAt: number | undefined;
  /** Where in a trace it stands: the span of this run where runs are traced, else its sender's; unset without any. */
  readonly trace?: TraceContext;
}

/** The message as an agent sees it, with `body` decoded already. */
export function agentMessage<Body>(received: ReceivedMessage, body: Body): Message<Body> {
  const { id, body: raw, groupId, receiveCount, sentAt } = received;
  const trace = traceOf(received);
  return {
    id,
    body,
    raw,
    attributes: attributesOf(received.attributes),
    ...(groupId === undefined ? undefined : { groupId }),
    receiveCount,
    sentAt,
    ...(trace === undefined ? undefined : { trace }),
  };
}

/** A body of fewer characters takes less time to parse than to have it parsed later. */
const PARSED_LATER = 1_024;

/** The message of an agent without decoder and schema: a larger body is parsed when somebody asks for it, once. */
export function undecodedMessage(received: ReceivedMessage): Message {
  if (received.body.length < PARSED_LATER) return agentMessage(received, parsedBody(received.body));
  const { id, body: raw, attributes, groupId, receiveCount, sentAt } = received;
  const trace = traceOf(received);
  let parsed = false;
  let body: unknown;
  return {
    id,
    get body() {
      if (!parsed) {
        parsed = true;
        body = parsedBody(raw);
      }
      return body;
    },
    // An agent may put another in its place, as in any object of its own.
    set body(value: unknown) {
      parsed = true;
      body = value;
    },
    raw,
    attributes: attributesOf(attributes),
    ...(groupId === undefined ? undefined : { groupId }),
    receiveCount,
    sentAt,
    ...(trace === undefined ? undefined : { trace }),
  };
}

/** JSON when it parses, else the string itself. */
export function parsedBody(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
}

const NONE: Message["attributes"] = Object.freeze(Object.create(null));

function attributesOf(received: ReadonlyMap<string, MessageAttribute>): Message["attributes"] {
  if (received.size === 0) return NONE;
  const attributes: Record<string, string | Uint8Array> = Object.create(null);
  for (const [name, { string, binary }] of received) {
    const value = string ?? binary;
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
}
