import type { MessageAttribute } from "../../pipeline/ports/queue.js";
import { isObject, type JsonObject, UnknownShape } from "../events/envelope.js";
import { epochOf } from "../events/event-bridge.js";
import { canonicalJson } from "../sameness/canonical-json.js";
import { exactJson } from "../sameness/exact-json.js";
import { faithfulJson } from "../sameness/faithful-json.js";
import { bodyOfBytes, bytesOfBase64, structureIn } from "./base64.js";
import type { Decoder, Inside, Sent } from "./decoder.js";

/** Headers that say to which trace a message belongs. */
const TRACE_HEADERS = ["traceparent", "tracestate"] as const;

/**
 * A task of Celery, as kombu sends it: base64 of JSON, with arguments in base64 of JSON in that. `countdown` and `eta` are
 * a time in its headers, and never SQS's delay.
 */
export const celery: Decoder = (sent, surely) => {
  const envelope = envelopeIn(sent.body);
  if (!envelope) return undefined;
  try {
    return task(envelope, sent);
  } catch (error) {
    if (surely) return undefined;
    throw error;
  }
};

interface Envelope {
  readonly body: string;
  readonly headers: JsonObject;
  readonly properties: JsonObject;
  readonly contentType: unknown;
}

function envelopeIn(body: string): Envelope | undefined {
  const bytes = bytesOfBase64(body);
  const text = bytes ? bodyOfBytes(bytes) : body;
  // Most bodies are none: looking is cheaper than parsing.
  if (typeof text !== "string" || !text.includes('"content-encoding"')) return undefined;
  const envelope = structureIn(text);
  if (!isObject(envelope)) return undefined;
  const { body: inner, headers, properties, "content-type": contentType, "content-encoding": encoding } = envelope;
  if (typeof inner !== "string" || !isObject(headers) || !isObject(properties)) return undefined;
  if (contentType === undefined || encoding === undefined || properties.delivery_info === undefined) return undefined;
  return { body: inner, headers, properties, contentType };
}

function task({ body, headers, properties, contentType }: Envelope, sent: Sent): Inside {
  if (contentType !== "application/json") {
    throw new UnknownShape(`a Celery task is read where its serializer is json, got ${JSON.stringify(contentType)}`);
  }
  if (headers.compression) {
    throw new UnknownShape(
      `a Celery task is read where it isn't compressed, got ${JSON.stringify(headers.compression)}`,
    );
  }
  const bytes = properties.body_encoding === "base64" ? bytesOfBase64(body) : undefined;
  const text = bytes ? bodyOfBytes(bytes) : body;
  const content = structureIn(text, faithfulJson);
  const { task: name, id, args, kwargs, eta, expires, retries, embed } = partsOf(content, headers);
  if (typeof text !== "string" || typeof name !== "string" || !Array.isArray(args) || !isObject(kwargs)) {
    throw new UnknownShape("a Celery task has a name, args and kwargs");
  }
  return {
    body: JSON.stringify({ task: name, id, args, kwargs, eta, expires, retries, embed }),
    attributes: withTrace(sent.attributes, headers),
    said: () => {
      const exact = partsOf(exactJson(text), headers);
      return canonicalJson({ task: name, args: exact.args, kwargs: exact.kwargs });
    },
    notBefore: epochOf(eta),
  };
}

/** Of protocol 2, where all but the arguments is in the headers, or of protocol 1, where all is in the body. */
function partsOf(content: unknown, headers: JsonObject): JsonObject {
  if (!Array.isArray(content)) return isObject(content) ? content : {};
  const [args, kwargs, embed] = content;
  const { task: name, id, eta = null, expires = null, retries = 0 } = headers;
  return { task: name, id, args, kwargs, eta, expires, retries, embed };
}

function withTrace(sent: Sent["attributes"], headers: JsonObject): Sent["attributes"] {
  const traced = new Map<string, MessageAttribute>(sent);
  for (const name of TRACE_HEADERS) {
    const value = headers[name];
    if (typeof value === "string" && !traced.has(name)) traced.set(name, { type: "String", string: value });
  }
  return traced;
}
