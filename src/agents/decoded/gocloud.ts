import type { MessageAttribute } from "../../pipeline/ports/queue.js";
import { UnknownShape } from "../events/envelope.js";
import { bodyOfBytes, bytesOfBase64 } from "./base64.js";
import type { Decoder } from "./decoder.js";

const MARK = "base64encoded";
const ESCAPED = /__0x([0-9a-f]{1,6})__/gi;
const CODE_POINT_MAX = 0x10ffff;

/**
 * A message of Go's gocloud.dev/pubsub: base64 where its body was no UTF-8, and what SQS wouldn't take in attributes
 * escaped: `__0x20__` in names, percent signs in values. Surely it is one by the mark, or by a name that is escaped so.
 */
export const gocloud: Decoder = ({ body, attributes }, surely) => {
  const isMarked = attributes.get(MARK)?.string === "true";
  const names = [...attributes.keys()];
  if (surely && !isMarked && !names.some(isEscaped)) return undefined;
  const bytes = isMarked ? bytesOfBase64(body) : undefined;
  if (isMarked && !bytes) {
    if (surely) return undefined;
    throw new UnknownShape(`a message with ${MARK} = true is base64`);
  }
  if (!bytes && names.length === 0) return undefined;
  const inside = new Map<string, MessageAttribute>();
  for (const [name, attribute] of attributes) {
    if (name === MARK && bytes) continue;
    const { string } = attribute;
    inside.set(unescapedName(name), string === undefined ? attribute : { ...attribute, string: unescaped(string) });
  }
  return { body: bytes ? bodyOfBytes(bytes) : body, attributes: inside };
};

const isEscaped = (name: string) => unescapedName(name) !== name;

function unescapedName(name: string): string {
  return name.replace(ESCAPED, (whole, code: string) => {
    const point = Number.parseInt(code, 16);
    return point <= CODE_POINT_MAX ? String.fromCodePoint(point) : whole;
  });
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
