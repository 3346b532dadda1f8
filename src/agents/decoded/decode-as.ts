import type { DecoderName } from "../../pipeline/ports/decoder-names.js";
import { Defer } from "../../pipeline/ports/outcome.js";
import type { MessageAttribute } from "../../pipeline/ports/queue.js";
import type { Undecoded } from "../define-handler.js";
import { parsedBody } from "../message.js";
import { exactJson } from "../sameness/exact-json.js";
import { withSaid } from "../sameness/said.js";
import { untilThen } from "./decoded-handler.js";
import { decodingOf } from "./decoding.js";

/** Thrown by a decoder: the message's time hasn't come. Known by its name, as `Defer` is. */
class NotYet extends Defer {
  /** No agent ran: it says nothing of how agents fare. */
  readonly awaitsRun = true;
}

/**
 * A decoder that takes off what is around a body, as the setting DECODE does for agents that can't import: JSON when what
 * is inside parses, else text, or bytes where it is none. What isn't of the named kinds is taken as it is. A task of
 * Celery's waits for its `eta`.
 *
 * `defineHandler({ decode: decodeAs("celery"), handle: async ({ body: { task, args, kwargs } }) => { ... } })`
 * @param names `auto` alone: all kinds, where what was sent can't be anything else.
 * @throws TypeError for a name that is none.
 */
export function decodeAs<Body = unknown>(
  ...names: readonly DecoderName[] | readonly ["auto"]
): (raw: string, message: Undecoded) => Body {
  const decoding = decodingOf(names);
  return (raw, message) => {
    const inside = decoding({ body: raw, attributes: attributesOf(message) });
    const { body = raw, said, notBefore } = inside ?? {};
    const waits = notBefore === undefined ? undefined : untilThen(notBefore, Date.now());
    if (waits) throw new NotYet(waits.afterSeconds, waits.reason);
    if (typeof body !== "string") return body as Body;
    return withSaid(parsedBody(body) as Body, () => exactJson(said ? said() : body));
  };
}

function attributesOf({ attributes, attributeTypes }: Undecoded): ReadonlyMap<string, MessageAttribute> {
  return new Map(
    Object.entries(attributes).map(([name, value]) => {
      const type = attributeTypes[name] ?? "String";
      return [name, typeof value === "string" ? { type, string: value } : { type, binary: value }];
    }),
  );
}
