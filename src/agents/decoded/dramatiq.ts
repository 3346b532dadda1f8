import { isObject } from "../events/envelope.js";
import { canonicalJson } from "../sameness/canonical-json.js";
import { exactJson } from "../sameness/exact-json.js";
import { faithfulJson } from "../sameness/faithful-json.js";
import { bodyOfBytes, bytesOfBase64, structureIn } from "./base64.js";
import type { Decoder } from "./decoder.js";

/** A message of dramatiq, as dramatiq-sqs sends it: base64 of JSON. Its delays are SQS's own. */
export const dramatiq: Decoder = ({ body }) => {
  const bytes = bytesOfBase64(body);
  const text = bytes && bodyOfBytes(bytes);
  const message = structureIn(text, faithfulJson);
  if (!isObject(message) || typeof text !== "string") return undefined;
  const { queue_name: queue, actor_name: actor, args, kwargs, options, message_id: id } = message;
  const { message_timestamp: timestamp } = message;
  const isOne = [queue, actor, id].every((name) => typeof name === "string") && Array.isArray(args);
  if (!isOne || !isObject(kwargs) || !isObject(options) || timestamp === undefined) return undefined;
  return {
    body: JSON.stringify({ actor, id, queue, args, kwargs, options, timestamp }),
    said: () => {
      const exact = exactJson(text) as typeof message;
      return canonicalJson({ actor, args: exact.args, kwargs: exact.kwargs });
    },
  };
};
