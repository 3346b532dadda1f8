import type { MessageAttribute } from "../../../src/pipeline/ports/queue.js";

/**
 * One message of a producer, made anew in its shape: names, addresses and ids in it are nobody's. What it looks like on the
 * wire was seen, or read in the producer's source, in the version that is named.
 */
export interface ProducerMessage {
  readonly producer: string;
  readonly version: string;
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  /** What it points to, in the bucket `payloads`. */
  readonly payload?: { readonly key: string; readonly text: string };
  /** What DECODE has to say for it; unset: `auto` will do. */
  readonly decode?: string;
  /** What agents see: JSON's value, text, or bytes. */
  readonly seen: unknown;
  /** The attributes that agents see; unset: those that were sent. */
  readonly seenAttributes?: Readonly<Record<string, string>>;
}

export const BUCKET = "payloads";

export const text = (string: string, type = "String"): MessageAttribute => ({ type, string });
export const number = (value: number, suffix = ""): MessageAttribute => ({
  type: `Number${suffix}`,
  string: String(value),
});
export const base64 = (given: string | Uint8Array): string => Buffer.from(given).toString("base64");

/** As Python's json writes it: with blanks. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}: ${pythonJson(member)}`)
    .join(", ")}}`;
}
