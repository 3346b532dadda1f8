import { ExactNumber, exactJson } from "./exact-json.js";

/** A value of which two can't be told apart or be called the same by what can be seen of them. */
class Incomparable extends Error {
  override readonly name = "Incomparable";
}

/** The text in its canonical form where it is JSON, else the text itself: alike but for blanks and order = the same. */
export function canonicalText(text: string): string {
  try {
    return canonicalJson(exactJson(text));
  } catch {
    return text;
  }
}

/**
 * A value as JSON without blanks and with members in the order of their names, so that two are the same text if they say
 * the same. Bytes count as bytes, what has a toJSON as what that returns.
 * @throws Error for what JSON doesn't say in full: a class's object, an integer beyond the safe ones, a circle.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return String(value);
    case "number":
      return canonicalNumber(value);
    case "bigint":
      return canonicalJson(exactJson(String(value)));
    case "object":
      return value === null ? "null" : canonicalObject(value);
    default:
      throw new Incomparable(typeof value);
  }
}

function canonicalNumber(value: number): string {
  // It may have been another one in its text.
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw new Incomparable(String(value));
  }
  return String(value);
}

function canonicalObject(value: object): string {
  if (value instanceof ExactNumber) return value.digits;
  if (Array.isArray(value)) {
    let items = "";
    for (const item of value) items += `,${canonicalJson(item ?? null)}`;
    return `[${items.slice(1)}]`;
  }
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `bytes:${JSON.stringify(bytes.toString("base64"))}`;
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return canonicalJson(toJSON.call(value, ""));
  if (!isPlain(value)) throw new Incomparable("an object of a class");
  let members = "";
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name];
    // As JSON.stringify has it.
    if (member === undefined || typeof member === "function" || typeof member === "symbol") continue;
    members += `,${JSON.stringify(name)}:${canonicalJson(member)}`;
  }
  return `{${members.slice(1)}}`;
}

/** Whichever realm it is of: a prototype that has none is a root. */
function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
