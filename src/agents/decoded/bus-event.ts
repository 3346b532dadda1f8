import { isObject } from "../events/envelope.js";
import { busEvent, saidOnBus } from "../events/event-bridge.js";
import { canonicalJson } from "../sameness/canonical-json.js";
import { faithfulJson } from "../sameness/faithful-json.js";
import { structureIn } from "./base64.js";
import type { Decoder } from "./decoder.js";

const TEXTS = ["id", "source", "detail-type", "account", "time", "region"] as const;

/** An event that an EventBridge rule, or Scheduler, has sent: the same that the decoder `eventBridge` makes of it. */
export const eventbridge: Decoder = ({ body }, surely) => {
  // Most bodies are none: looking is cheaper than parsing.
  if (!body.includes('"detail-type"')) return undefined;
  const event = structureIn(body, faithfulJson);
  if (!isObject(event) || typeof event["detail-type"] !== "string" || typeof event.source !== "string")
    return undefined;
  if (surely && !(event.version === "0" && TEXTS.every((name) => typeof event[name] === "string"))) return undefined;
  if (surely && (!Array.isArray(event.resources) || event.detail === undefined)) return undefined;
  try {
    return { body: JSON.stringify(busEvent(event, faithfulJson)), said: () => canonicalJson(saidOnBus(body)) };
  } catch (error) {
    if (surely) return undefined;
    throw error;
  }
};
