import type { PayloadPointer } from "../pipeline/ports/payload.js";
import type { MessageAttribute, ReceivedMessage } from "../pipeline/ports/queue.js";

/** First entry of a pointer: what Amazon's Extended Client Libraries for Java 2 and Python write, and what those for Java 1 did. */
const POINTER_CLASS = "software.amazon.payloadoffloading.PayloadS3Pointer";
const POINTER_CLASSES: readonly unknown[] = [POINTER_CLASS, "com.amazon.sqs.javamessaging.MessageS3Pointer"];
/** The attribute that marks a pointer, with the payload's size in bytes. Its older name is still sent by legacy settings. */
const SIZE_ATTRIBUTE = "ExtendedPayloadSize";
const SIZE_ATTRIBUTES = [SIZE_ATTRIBUTE, "SQSLargePayloadSize"];
const KEY_BYTES_MAX = 1_024;

/** What a message says of where its body is. */
export type PayloadMark =
  | { readonly kind: "inline" }
  /** `bytes` is the producer's word. */
  | { readonly kind: "pointer"; readonly pointer: PayloadPointer; readonly bytes: number | undefined }
  | { readonly kind: "broken"; readonly detail: string };

/**
 * Reads a pointer as Amazon's Extended Client Libraries write it: a body of `["...PayloadS3Pointer",{"s3BucketName":"b",
 * "s3Key":"k"}]`, and an attribute with the size. A body without that attribute is what its sender wrote, whatever it
 * looks like, as it is to these libraries: who may choose but a body shall not have the worker read or remove an object.
 */
export function payloadMark({ body, attributes }: Pick<ReceivedMessage, "body" | "attributes">): PayloadMark {
  const size = sizeSaid(attributes);
  if (size === undefined) return { kind: "inline" };
  const parts = pointerParts(body);
  if (parts === undefined) return broken("its body is no pointer");
  const { s3BucketName: bucket, s3Key: key } = parts;
  if (typeof bucket !== "string" || typeof key !== "string" || bucket === "" || key === "") {
    return broken("its pointer lacks s3BucketName or s3Key");
  }
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) return broken(`its key has more than ${KEY_BYTES_MAX} bytes`);
  // Some server or proxy on the way might walk up by it, and out of an allowed bucket.
  if (/(^|\/)\.\.?(\/|$)/.test(key)) return broken("its key has a part that is . or ..");
  return { kind: "pointer", pointer: { bucket, key }, bytes: size >= 0 ? size : undefined };
}

/** The message as it would have been received had its payload been small. */
export function withPayload(message: ReceivedMessage, body: string): ReceivedMessage {
  const attributes = new Map(message.attributes);
  for (const name of SIZE_ATTRIBUTES) attributes.delete(name);
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

/** Undefined without the attribute, NaN where it is no number. */
function sizeSaid(attributes: ReceivedMessage["attributes"]): number | undefined {
  if (attributes.size === 0) return undefined;
  const name = SIZE_ATTRIBUTES.find((candidate) => attributes.has(candidate));
  return name === undefined ? undefined : Number(attributes.get(name)?.string ?? Number.NaN);
}

function pointerParts(body: string): { readonly s3BucketName?: unknown; readonly s3Key?: unknown } | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (!Array.isArray(parsed) || parsed.length !== 2 || !POINTER_CLASSES.includes(parsed[0])) return undefined;
    return typeof parsed[1] === "object" && parsed[1] !== null ? parsed[1] : undefined;
  } catch {
    return undefined;
  }
}

function broken(what: string): PayloadMark {
  return { kind: "broken", detail: `the message says that its payload is in S3, but ${what}` };
}
