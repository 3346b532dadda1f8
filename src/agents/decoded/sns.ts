import type { MessageAttribute } from "../../pipeline/ports/queue.js";
import { isObject, type JsonObject, snsNotification } from "../events/envelope.js";
import type { Decoder } from "./decoder.js";

const TOPIC = /^arn:[\w-]+:sns:[\w-]*:\d*:[\w.-]+$/;

/** The envelope of a topic that doesn't deliver raw messages; its attributes become the message's. */
export const sns: Decoder = ({ body, attributes }, surely) => {
  const envelope = snsNotification(body);
  if (!envelope || (surely && !isWhole(envelope))) return undefined;
  const inside = new Map([...attributesIn(envelope.MessageAttributes), ...attributes]);
  return { body: envelope.Message, attributes: inside };
};

function isWhole({ TopicArn, MessageId, Timestamp }: JsonObject): boolean {
  return TOPIC.test(String(TopicArn)) && typeof MessageId === "string" && typeof Timestamp === "string";
}

/** Attributes as an envelope has them: `{"NAME":{"Type":"String","Value":"..."}}`. What is none is left out. */
export function attributesIn(given: unknown): ReadonlyMap<string, MessageAttribute> {
  const attributes = new Map<string, MessageAttribute>();
  for (const [name, attribute] of Object.entries(isObject(given) ? given : {})) {
    const { Type: type, Value: value } = isObject(attribute) ? attribute : ({} as JsonObject);
    if (typeof type !== "string" || typeof value !== "string") continue;
    const isBinary = type === "Binary" || type.startsWith("Binary.");
    attributes.set(name, isBinary ? { type, binary: Buffer.from(value, "base64") } : { type, string: value });
  }
  return attributes;
}
