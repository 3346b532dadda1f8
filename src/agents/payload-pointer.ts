import type { PayloadPointer } from "../pipeline/ports/payload.js";
import type { MessageAttribute, ReceivedMessage } from "../pipeline/ports/queue.js";
import { attributesIn } from "./decoded/sns.js";
import { isObject, type JsonObject, snsNotification } from "./events/envelope.js";

/** First entry of a pointer: what Amazon's Extended Client Libraries for Java 2 and Python write, and what those for Java 1 did. */
const POINTER_CLASS = "software.amazon.payloadoffloading.PayloadS3Pointer";
const POINTER_CLASSES: readonly unknown[] = [POINTER_CLASS, "com.amazon.sqs.javamessaging.MessageS3Pointer"];
/** The attribute that marks a pointer, with the payload's size in bytes. Its older name is still sent by legacy settings. */
const SIZE_ATTRIBUTE = "ExtendedPayloadSize";
const SIZE_ATTRIBUTES = [SIZE_ATTRIBUTE, "SQSLargePayloadSize"];
/** What taskiq-aio-sqs marks its pointers by; it says no size. */
const TASKIQ_ATTRIBUTE = "s3_extended_message";
const MARKS = [...SIZE_ATTRIBUTES, TASKIQ_ATTRIBUTE];
const KEY_BYTES_MAX = 1_024;

type Sent = Pick<ReceivedMessage, "body" | "attributes">;
type Attributes = ReceivedMessage["attributes"];

/** What a message says of where its body is. */
export type PayloadMark =
  | { readonly kind: "inline" }
  | {
      readonly kind: "pointer";
      readonly pointer: PayloadPointer;
      /** The producer's word. */
      readonly bytes: number | undefined;
      /** Those of the message, had its payload been small. */
      readonly attributes: Attributes;
    }
  | { readonly kind: "broken"; readonly detail: string };

const INLINE: PayloadMark = { kind: "inline" };

/**
 * Reads a pointer to a payload, as large bodies are sent by
 * - Amazon's Extended Client Libraries: `["...PayloadS3Pointer",{"s3BucketName":"b","s3Key":"k"}]`, or that object alone, and
 *   an attribute with the size;
 * - taskiq-aio-sqs: `{"s3_bucket":"b","s3_key":"k"}`, and an attribute;
 * - either of them through a topic, in whose envelope the attribute is, and sns-sqs-big-payload: marked by nothing but a
 *   body. These are followed only where `follow` names them (`sns`, `sns-sqs-big-payload`), else told of.
 *
 * Any other body without such an attribute is what its sender wrote, whatever it looks like, as it is to these libraries:
 * who may choose but a body shall not have the worker read or remove an object.
 */
export function payloadMark(sent: Sent, follow: readonly string[] = []): PayloadMark {
  const { body, attributes } = sent;
  if (attributes.size > 0 && MARKS.some((name) => attributes.has(name))) return markedPointer(sent);
  if (body.includes('"S3Payload"')) return bigPayload(sent, follow);
  return body.includes('"TopicArn"') ? inEnvelope(sent, follow) : INLINE;
}

/** The message as it would have been received had its payload been small. */
export function withPayload(message: ReceivedMessage, body: string, attributes: Attributes): ReceivedMessage {
  return { ...message, body, attributes };
}

/** The body and the attribute of a message whose payload of `bytes` bytes is at `pointer`. */
export function pointerMessage(
  { bucket, key }: PayloadPointer,
  bytes: number,
): { readonly body: string; readonly attribute: readonly [name: string, MessageAttribute] } {
  return {
    body: JSON.stringify([POINTER_CLASS, { s3BucketName: bucket, s3Key: key }]),
    attribute: [SIZE_ATTRIBUTE, { type: "Number", string: String(bytes) }],
  };
}

/** Attributes without those that describe a pointer. */
export function withoutMarks(attributes: Attributes): Attributes {
  return new Map([...attributes].filter(([name]) => !MARKS.includes(name)));
}

function markedPointer({ body, attributes }: Sent): PayloadMark {
  const parts = pointerIn(body, attributes);
  if (parts === undefined) return broken(`its body is no pointer: ${shapeOf(body)}`);
  const { bucket, key, names } = parts;
  if (typeof bucket !== "string" || typeof key !== "string" || bucket === "" || key === "") {
    return broken(`its pointer lacks ${names}`);
  }
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) return broken(`its key has more than ${KEY_BYTES_MAX} bytes`);
  // Some server or proxy on the way might walk up by it, and out of an allowed bucket.
  if (/(^|\/)\.\.?(\/|$)/.test(key)) return broken("its key has a part that is . or ..");
  return { kind: "pointer", pointer: { bucket, key }, bytes: sizeIn(attributes), attributes: withoutMarks(attributes) };
}

interface Parts {
  readonly bucket: unknown;
  readonly key: unknown;
  /** What they are called there. */
  readonly names: string;
}

function pointerIn(body: string, attributes: Attributes): Parts | undefined {
  const parsed = parsedOf(body);
  if (isObject(parsed) && isObject(parsed.S3Payload)) return partsOf(parsed.S3Payload, "Bucket", "Key");
  if (isObject(parsed) && attributes.has(TASKIQ_ATTRIBUTE)) return partsOf(parsed, "s3_bucket", "s3_key");
  if (isObject(parsed) && ("s3BucketName" in parsed || "s3Key" in parsed)) {
    return partsOf(parsed, "s3BucketName", "s3Key");
  }
  if (!Array.isArray(parsed) || parsed.length !== 2 || !POINTER_CLASSES.includes(parsed[0])) return undefined;
  return isObject(parsed[1]) ? partsOf(parsed[1], "s3BucketName", "s3Key") : undefined;
}

const partsOf = (from: JsonObject, bucket: string, key: string): Parts => ({
  bucket: from[bucket],
  key: from[key],
  names: `${bucket} or ${key}`,
});

/** A body of sns-sqs-big-payload's, if it is nothing else. */
function bigPayload(sent: Sent, follow: readonly string[]): PayloadMark {
  const parsed = parsedOf(sent.body);
  if (!isObject(parsed) || !isObject(parsed.S3Payload) || Object.keys(parsed).length > 1) {
    return sent.body.includes('"TopicArn"') ? inEnvelope(sent, follow) : INLINE;
  }
  return follow.includes("sns-sqs-big-payload")
    ? markedPointer(sent)
    : unnamed('a pointer of sns-sqs-big-payload, {"S3Payload":...}', "sns-sqs-big-payload");
}

function inEnvelope({ body, attributes }: Sent, follow: readonly string[]): PayloadMark {
  const envelope = envelopeOf(body);
  if (!envelope) return INLINE;
  const inside = new Map([...attributesIn(envelope.MessageAttributes), ...attributes]);
  const mark = payloadMark({ body: envelope.Message, attributes: inside }, follow);
  if (mark.kind !== "pointer" || follow.includes("sns")) return mark;
  return unnamed("an SNS envelope around a pointer", "sns");
}

function envelopeOf(body: string): ReturnType<typeof snsNotification> {
  try {
    return snsNotification(body);
  } catch {
    // What asks for a subscription to be confirmed is none of a payload's business.
    return undefined;
  }
}

/** Undefined where it says none. */
function sizeIn(attributes: Attributes): number | undefined {
  const name = SIZE_ATTRIBUTES.find((candidate) => attributes.has(candidate));
  const bytes = Number((name && attributes.get(name)?.string) ?? Number.NaN);
  return bytes >= 0 ? bytes : undefined;
}

function parsedOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const NAMES_TOLD = 5;
const NAME_MAX = 40;

/** What a body is, in words, without a value in it. */
function shapeOf(body: string): string {
  const parsed = parsedOf(body);
  if (parsed === undefined) return "no JSON";
  if (Array.isArray(parsed)) return `a list of ${parsed.length}`;
  if (!isObject(parsed)) return parsed === null ? "null" : `a ${typeof parsed}`;
  const names = Object.keys(parsed).slice(0, NAMES_TOLD);
  return `an object of ${names.map((name) => JSON.stringify(name.slice(0, NAME_MAX))).join(", ") || "nothing"}`;
}

function broken(what: string): PayloadMark {
  return { kind: "broken", detail: `the message says that its payload is in S3, but ${what}` };
}

function unnamed(shape: string, name: string): PayloadMark {
  return { kind: "broken", detail: `its body is ${shape}: followed only where DECODE names ${name}` };
}
