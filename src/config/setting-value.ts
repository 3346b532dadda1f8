import { VISIBILITY_MAX_SECONDS } from "../pipeline/ports/queue.js";
import { maskedValue } from "../text/masked.js";
import { type Parsed, parseBudgets, parseUses } from "./budgets.js";
import { queueName } from "./queue-name.js";
import { boundsOf, type Setting } from "./settings.js";

/** How the agent is run; what HANDLER says. */
export type HandlerSpec =
  | { readonly kind: "module"; readonly path: string }
  | { readonly kind: "program"; readonly command: string }
  | { readonly kind: "service"; readonly url: string };

/** How webhooks are signed; `variable` names the environment variable that holds the secret. */
export interface SignatureSpec {
  readonly scheme: string;
  readonly variable: string;
}

/** The fault of a value by its shape, with its bounds, or undefined if it is fine. */
export function faultOf({ name, shape, secret }: Setting, value: string): string | undefined {
  // Masked for who is told of it alone: a start reads dozens of good values.
  const told = () => JSON.stringify(secret ? "***" : maskedValue(value));
  const fault = (bounds = boundsOf(shape)) => `${name} must be ${bounds}, got ${told()}`;
  switch (shape.kind) {
    case "queue":
      return isHttpUrl(value) || queueName(value) ? undefined : fault();
    case "handler":
      return handlerSpec(value) ? undefined : fault();
    case "integer":
      if (!/^-?\d+$/.test(value)) return fault(`a whole number ${boundsOf(shape)}`);
      return Number(value) >= shape.min && Number(value) <= shape.max ? undefined : fault();
    case "choice":
      return shape.values.includes(value) ? undefined : fault();
    case "port":
      return value === "off" || (/^\d+$/.test(value) && Number(value) <= 65_535) ? undefined : fault();
    case "backoff": {
      const parts = value.split(",");
      const good =
        parts.length <= 2 && parts.every((part) => /^\d+$/.test(part) && +part >= 1 && +part <= VISIBILITY_MAX_SECONDS);
      return good ? undefined : fault();
    }
    case "idempotencyKey":
      return /^(messageId|attribute:[\w.-]{1,256}|body:(\/.*)?)$/.test(value) ? undefined : fault();
    case "webhookSignature":
      return signatureSpec(value) ? undefined : fault();
    case "budgets":
      return parsedFault(name, parseBudgets(value));
    case "uses":
      return parsedFault(name, parseUses(value));
    case "boolean":
      return value === "true" || value === "false" ? undefined : fault();
    case "text":
      return shape.pattern && !shape.pattern.test(value) ? fault() : undefined;
  }
}

function parsedFault(name: string, parsed: Parsed<unknown>): string | undefined {
  return "fault" in parsed ? `${name} ${parsed.fault}` : undefined;
}

/** What HANDLER names, or undefined when its scheme is none of ours. */
export function handlerSpec(value: string): HandlerSpec | undefined {
  if (value.startsWith("exec:")) {
    const command = value.slice("exec:".length).trim();
    return command ? { kind: "program", command } : undefined;
  }
  if (isHttpUrl(value)) return { kind: "service", url: value };
  if (value.startsWith("file:")) return { kind: "module", path: value };
  return /^[a-z][a-z\d+.-]+:/i.test(value) ? undefined : { kind: "module", path: value };
}

/** What WEBHOOK_SIGNATURE says, or undefined when it isn't as it should be. */
export function signatureSpec(value: string): SignatureSpec | undefined {
  const [, scheme, variable] =
    /^(github|stripe|shopify|slack|standard|[\w-]+\/(?:hex|base64)):([A-Za-z_]\w*)$/.exec(value) ?? [];
  return scheme && variable ? { scheme, variable } : undefined;
}

function isHttpUrl(value: string): boolean {
  return /^https?:$/.test(URL.parse(value)?.protocol ?? "");
}
