import { AUTO, DECODER_NAMES, type DecoderName } from "../../pipeline/ports/decoder-names.js";
import type { DecodedBody, ReceivedMessage } from "../../pipeline/ports/queue.js";
import { base64 } from "./base64.js";
import { eventbridge } from "./bus-event.js";
import { celery } from "./celery.js";
import type { Decoder, Inside, Sent } from "./decoder.js";
import { dramatiq } from "./dramatiq.js";
import { gocloud } from "./gocloud.js";
import { jms } from "./jms.js";
import { sns } from "./sns.js";

const DECODERS: Readonly<Record<DecoderName, Decoder>> = {
  sns,
  gocloud,
  jms,
  celery,
  dramatiq,
  eventbridge,
  base64,
};

/** Topics that feed topics: more envelopes in each other than this nobody builds on purpose. */
const ENVELOPES_MAX = 4;

/**
 * Takes off what is around a message, as far as it is of the named kinds; undefined where nothing is. What is inside may
 * have something of another kind around it in turn: an event of EventBridge in a topic's envelope.
 * @throws UnknownShape where it is of a named kind, and can't be read.
 */
export type Decoding = (sent: Sent) => Inside | undefined;

/**
 * @param names of DECODER_NAMES; `auto` alone: all of them, where it can't be anything else.
 * @throws TypeError for a name that is none.
 */
export function decodingOf(names: readonly string[]): Decoding {
  const surely = names.length === 1 && names[0] === AUTO;
  const unknown = names.find((name) => !surely && !isName(name));
  if (unknown !== undefined || names.length === 0) {
    throw new TypeError(
      `what is to be decoded is ${AUTO}, or some of ${DECODER_NAMES.join(", ")}, got "${unknown ?? ""}"`,
    );
  }
  const wanted = DECODER_NAMES.filter((name) => surely || names.includes(name));
  return (sent) => {
    const left = new Map(wanted.map((name) => [name, name === "sns" ? ENVELOPES_MAX : 1]));
    let at = sent;
    for (let inside: Inside | undefined; ; ) {
      const next = outermost(at, left, surely);
      if (!next) return inside;
      const { attributes = at.attributes, notBefore = inside?.notBefore, body } = next;
      inside = { ...next, attributes, notBefore };
      if (typeof body !== "string") return inside;
      at = { body, attributes };
    }
  };
}

/** Takes one wrapping off, of a kind that is left to be taken off so often. */
function outermost(at: Sent, left: Map<DecoderName, number>, surely: boolean): Inside | undefined {
  for (const [name, times] of left) {
    const inside = DECODERS[name](at, surely);
    if (!inside) continue;
    if (times === 1) left.delete(name);
    else left.set(name, times - 1);
    return inside;
  }
  return undefined;
}

const isName = (name: string): name is DecoderName => (DECODER_NAMES as readonly string[]).includes(name);

/** A message with what was inside of it in the place of what was sent. */
export function messageInside(message: ReceivedMessage, { body, attributes, said }: Inside): ReceivedMessage {
  const isText = typeof body === "string";
  const decoded: DecodedBody = {
    raw: message.decoded?.raw ?? message.body,
    ...(!isText && { bytes: body }),
    ...(said && { said }),
  };
  return {
    ...message,
    body: isText ? body : Buffer.from(body).toString("base64"),
    attributes: attributes ?? message.attributes,
    decoded,
  };
}
