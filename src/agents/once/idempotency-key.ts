import type { Identity } from "../../pipeline/ports/idempotency.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { deadLetterMarks } from "../../pipeline/settle/dead-letter-marks.js";

type Found = Identity["key"];

/**
 * The key of a message, or why it has none.
 * @param made what the agent's own decoder has made of the body, where it has one.
 */
export type KeyOf = (message: ReceivedMessage, made?: { readonly body: unknown }) => Found;

/**
 * How to find a message's key.
 * @param setting IDEMPOTENCY_KEY: `messageId`, `attribute:NAME`, or `body:/json/pointer`.
 */
export function keyFinder(setting: string): KeyOf {
  const keyOf = finderOf(setting);
  return (message, made) => {
    const found = keyOf(message, made);
    // No table takes it, and mended it might be another message's.
    if ("key" in found && !found.key.isWellFormed())
      return { missing: "it has half a character in it (a lone surrogate)" };
    return found;
  };
}

function finderOf(setting: string): KeyOf {
  if (setting.startsWith("attribute:")) return ofAttribute(setting.slice("attribute:".length));
  if (setting.startsWith("body:")) return ofBody(setting.slice("body:".length));
  // A message that a redrive sent back has an id of its own: its first one is the key.
  return (message) => ({ key: deadLetterMarks(message.attributes).messageId ?? message.id });
}

function ofAttribute(name: string): KeyOf {
  return ({ attributes }) => {
    const value = attributes.get(name)?.string;
    return value ? { key: value } : { missing: `the message has no attribute ${name}` };
  };
}

/** Sought in what was decoded, then in what was sent: a topic's subject is in its envelope alone. */
function ofBody(pointer: string): KeyOf {
  const at = jsonPointer(pointer);
  const where = pointer === "" ? "the body" : `${pointer} in the body`;
  const keyIn = (body: unknown): Found => {
    const value = at(body);
    if (typeof value === "string" && value !== "") return { key: value };
    if (typeof value === "number" && isSafe(value)) return { key: String(value) };
    return { missing: `${where} is no string and no safe number` };
  };
  const keyInText = (text: string): Found => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return { missing: "the body is no JSON" };
    }
    return keyIn(parsed);
  };
  return ({ body, decoded }, made) => {
    const found = made ? keyIn(made.body) : keyInText(body);
    if ("key" in found || (!made && !decoded)) return found;
    const sent = keyInText(decoded?.raw ?? body);
    return "key" in sent ? sent : found;
  };
}

/** Beyond the safe numbers two keys may have become one: 1e400 and 1e500 are both Infinity. */
const isSafe = (value: number) => Math.abs(value) <= Number.MAX_SAFE_INTEGER;

/**
 * Follows a JSON pointer (RFC 6901) into a parsed value; undefined where it leads nowhere.
 * @throws SyntaxError when the pointer is neither empty nor begins with a slash.
 */
export function jsonPointer(pointer: string): (value: unknown) => unknown {
  if (pointer !== "" && !pointer.startsWith("/")) {
    throw new SyntaxError(`a JSON pointer is empty or begins with /, got "${pointer}"`);
  }
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return (value) => {
    let found = value;
    for (const step of steps) {
      if (typeof found !== "object" || found === null || !Object.hasOwn(found, step)) return undefined;
      if (Array.isArray(found) && !/^(0|[1-9]\d*)$/.test(step)) return undefined;
      found = (found as Record<string, unknown>)[step];
    }
    return found;
  };
}
