/** A body that is none of the shapes that a decoder knows; the message is rejected with this. */
export class UnknownShape extends Error {
  override readonly name = "UnknownShape";
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Topics that feed topics: more envelopes in each other than this nobody builds on purpose. */
const ENVELOPES_MAX = 4;

/**
 * What was published to a topic, whether SNS put its envelope around it or not (raw message delivery).
 * @throws UnknownShape when it asks for a subscription to be confirmed: only a person should do that.
 */
export function withoutSnsEnvelope(body: string): string {
  let inner = body;
  for (let depth = 0; depth < ENVELOPES_MAX; depth++) {
    const envelope = snsNotification(inner);
    if (envelope === undefined) return inner;
    inner = envelope.Message;
  }
  throw new UnknownShape(`more than ${ENVELOPES_MAX} SNS envelopes around each other`);
}

/**
 * The envelope that SNS has put around a message; undefined where there is none.
 * @throws UnknownShape when it asks for a subscription to be confirmed.
 */
export function snsNotification(body: string): (JsonObject & { readonly Message: string }) | undefined {
  // Most bodies are none: looking is cheaper than parsing.
  if (!body.includes('"TopicArn"')) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isObject(parsed) || typeof parsed.TopicArn !== "string" || typeof parsed.Message !== "string") return undefined;
  switch (parsed.Type) {
    case "Notification":
      return parsed as JsonObject & { readonly Message: string };
    case "SubscriptionConfirmation":
    case "UnsubscribeConfirmation":
      throw new UnknownShape(
        `${parsed.TopicArn} sent a ${parsed.Type}, which somebody has to answer by its SubscribeURL`,
      );
    default:
      return undefined;
  }
}

/** @throws UnknownShape when the text is no JSON object; `what` says what it should have been. */
export function jsonObject(text: string, what: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UnknownShape(`${what} is a JSON object, got what is no JSON`);
  }
  if (isObject(parsed)) return parsed;
  throw new UnknownShape(
    `${what} is a JSON object, got ${Array.isArray(parsed) ? "an array" : parsed === null ? "null" : `a ${typeof parsed}`}`,
  );
}
