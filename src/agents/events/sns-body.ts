import { parsedBody } from "../message.js";
import { exactJson } from "../sameness/exact-json.js";
import { withSaid } from "../sameness/said.js";
import { withoutSnsEnvelope } from "./envelope.js";

/**
 * A decoder for what comes through an SNS topic: the published message, as JSON when it parses, else the string; with
 * SNS's envelope around it or by raw message delivery. A request to confirm a subscription is rejected.
 *
 * `defineHandler({ decode: snsBody<Order>, handle })`
 */
export function snsBody<Body = unknown>(raw: string): Body {
  const inner = withoutSnsEnvelope(raw);
  return withSaid(parsedBody(inner) as Body, () => exactJson(inner));
}
