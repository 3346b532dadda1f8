import type { Identifier, IdentityRule } from "../../pipeline/ports/idempotency.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { canonicalJson, canonicalText } from "../sameness/canonical-json.js";
import { exactJson } from "../sameness/exact-json.js";
import { saidIn } from "../sameness/said.js";
import { jsonPointer, keyFinder } from "./idempotency-key.js";

const OF_BODY = "body:";
// Not by `import`: a module agent's process, of which some start each second, mostly has no use for it.
const sha256 = (text: string) => process.getBuiltinModule("node:crypto").hash("sha256", text, "base64url");

type Made = NonNullable<Parameters<Identifier["identify"]>[1]>;

/** How to tell what a message is: by what was inside of it, or by what the agent's own decoder has made of it. */
export function identifierOf(rule: IdentityRule): Identifier {
  const { key, payload } = rule;
  const keyOf = keyFinder(key);
  const at = payload === undefined ? undefined : jsonPointer(payload.slice(OF_BODY.length));
  return {
    rule,
    identify: (message, made) => ({
      key: keyOf(message, made),
      payloadHash: sha256((at && partOf(message, made, at)) ?? payloadOf(message, made)),
    }),
  };
}

/** All that the producer said; what can't be compared so is compared as it was sent. */
function payloadOf(message: ReceivedMessage, made: Made | undefined): string {
  const { body, decoded } = message;
  try {
    if (!made) return decoded?.said?.() ?? canonicalText(body);
    return canonicalJson(saidIn(made.body));
  } catch {
    return decoded?.raw ?? body;
  }
}

/**
 * The part of it that counts, sought in what was decoded, then in what was sent. Undefined where it is in neither: a
 * pointer that leads nowhere must not make all messages of a key the same.
 */
function partOf(message: ReceivedMessage, made: Made | undefined, at: (value: unknown) => unknown): string | undefined {
  const { body, decoded } = message;
  const views = [() => (made ? made.body : exactJson(body)), () => exactJson(decoded?.raw ?? body)];
  for (const view of views) {
    try {
      const part = at(view());
      if (part !== undefined) return canonicalJson(part);
    } catch {
      // No JSON, or nothing that can be compared.
    }
  }
  return undefined;
}
