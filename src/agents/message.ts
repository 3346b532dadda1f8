import type { MessageAttribute, ReceivedMessage } from "../pipeline/ports/queue.js";
import type { TraceContext } from "../pipeline/ports/trace.js";
import { traceOf } from "../tracing/sender-trace.js";

/** What an agent is given to work on. */
export interface Message<Body = unknown> {
  readonly id: string;
  /**
   * The body as JSON when it parses, else the string; what DECODE found to be no text, as bytes; with a decoder or a schema,
   * what these made of it.
   */
  readonly body: Body;
  /** The body as it was sent. */
  readonly raw: string;
  /** By name, without a prototype: strings for the types String and Number, bytes for Binary. */
  readonly attributes: Readonly<Record<string, string | Uint8Array>>;
  /** By the same names, their types as they were sent: `String`, `Number.int`, `Binary`, ... */
  readonly attributeTypes: Readonly<Record<string, string>>;
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
  const { id, attributes, groupId, receiveCount, sentAt } = received;
  const trace = traceOf(received);
  return {
    id,
    body,
    raw: rawOf(received),
    attributes: attributesOf(attributes),
    attributeTypes: typesOf(attributes),
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
  if (received.body.length < PARSED_LATER) return agentMessage(received, bodyOf(received));
  const { id, attributes, groupId, receiveCount, sentAt } = received;
  const trace = traceOf(received);
  let parsed = false;
  let body: unknown;
  return {
    id,
    raw: rawOf(received),
    attributes: attributesOf(attributes),
    attributeTypes: typesOf(attributes),
    receiveCount,
    sentAt,
    ...(groupId === undefined ? undefined : { groupId }),
    ...(trace === undefined ? undefined : { trace }),
    // Last: what stands behind an accessor is dear to make.
    get body() {
      if (!parsed) {
        parsed = true;
        body = bodyOf(received);
      }
      return body;
    },
    // An agent may put another in its place, as in any object of its own.
    set body(value: unknown) {
      parsed = true;
      body = value;
    },
  };
}

/** The body of an agent without a decoder. */
export function bodyOf({ body, decoded }: ReceivedMessage): unknown {
  return decoded?.bytes ?? parsedBody(body);
}

const rawOf = ({ body, decoded }: ReceivedMessage): string => decoded?.raw ?? body;

/** JSON when it parses, else the string itself. */
export function parsedBody(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
}

const NONE: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

function attributesOf(received: ReadonlyMap<string, MessageAttribute>): Message["attributes"] {
  if (received.size === 0) return NONE;
  const attributes: Record<string, string | Uint8Array> = Object.create(null);
  for (const [name, { string, binary }] of received) {
    const value = string ?? binary;
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
}

function typesOf(received: ReadonlyMap<string, MessageAttribute>): Message["attributeTypes"] {
  if (received.size === 0) return NONE;
  const types: Record<string, string> = Object.create(null);
  for (const [name, { type }] of received) types[name] = type;
  return types;
}
