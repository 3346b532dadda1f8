import type { Decoder, Inside } from "./decoder.js";

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;
const CONTENT_TYPE = /^content-?type$/i;

/** The bytes that a text is the base64 of, with or without line ends in it; undefined where it is none. */
export function bytesOfBase64(text: string): Buffer | undefined {
  const figures = /\s/.test(text) ? text.replace(/\s+/g, "") : text;
  if (figures.length % 4 !== 0 || !BASE64.test(figures)) return undefined;
  return Buffer.from(figures, "base64");
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as a body: text where they are UTF-8. */
export function bodyOfBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return UTF8.decode(bytes);
  } catch {
    return bytes;
  }
}

/** JSON's value; undefined where it is none, or no object and no list. */
export function structureIn(text: string | Uint8Array | undefined, parse = JSON.parse): unknown {
  if (typeof text !== "string" || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Base64, as repid sends it. A word of four letters is base64, too: surely it is only where an attribute says that the
 * content is JSON and the inside is.
 */
export const base64: Decoder = ({ body, attributes }, surely): Inside | undefined => {
  if (
    surely &&
    ![...attributes].some(([name, { string }]) => CONTENT_TYPE.test(name) && JSON_TYPE.test(string ?? ""))
  ) {
    return undefined;
  }
  const bytes = bytesOfBase64(body);
  if (!bytes) return undefined;
  const inside = bodyOfBytes(bytes);
  return surely && structureIn(inside) === undefined ? undefined : { body: inside };
};
