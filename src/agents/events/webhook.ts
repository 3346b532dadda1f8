import { Reject } from "../../pipeline/ports/outcome.js";
import { ORIGINAL_ID, PACKED_MARKS } from "../../pipeline/settle/dead-letter-marks.js";
import type { Undecoded } from "../define-handler.js";
import { parsedBody } from "../message.js";
import { exactJson } from "../sameness/exact-json.js";
import { withSaid } from "../sameness/said.js";
import { SignatureCheck, type SignatureOptions, type SignatureScheme } from "./signature.js";

export type WebhookOptions = {
  /** Name of the environment variable that holds the secret; several where one replaces another. */
  readonly secret: string | readonly string[];
} & ({ readonly scheme: SignatureScheme } | SignatureOptions);

/**
 * A decoder for webhooks that API Gateway put on the queue: raw body, headers as attributes of the same name. A request
 * that isn't signed with the secret is rejected; the body of one that is, is JSON when it parses, else the string.
 *
 * `defineHandler({ decode: webhook({ scheme: "github", secret: "GITHUB_SECRET" }), handle })`
 * @throws RangeError, at once, when a variable is unset. In a process of its own an agent needs it in AGENT_ENV; the
 * setting WEBHOOK_SIGNATURE does the same in the worker.
 */
export function webhook<Body = unknown>(options: WebhookOptions): (raw: string, message: Undecoded) => Body {
  const check = new SignatureCheck("scheme" in options ? options.scheme : options, secretsOf([options.secret].flat()));
  return (raw, { attributes, sentAt }) => {
    const names = Object.keys(attributes);
    const fault = check.faultOf({
      body: raw,
      header: (name) => {
        const found = names.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
        const value = found === undefined ? undefined : attributes[found];
        return typeof value === "string" ? value : undefined;
      },
      receivedAt: sentAt ?? Date.now(),
      redriven: ORIGINAL_ID in attributes || PACKED_MARKS in attributes,
    });
    if (fault !== undefined) throw new Reject(fault);
    return withSaid(parsedBody(raw) as Body, () => exactJson(raw));
  };
}

function secretsOf(names: readonly string[]): string[] {
  return names.map((name) => {
    const value = process.env[name];
    if (value) return value;
    throw new RangeError(`webhook needs its secret in the environment variable ${name}, which is unset`);
  });
}
