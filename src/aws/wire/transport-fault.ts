import { Refusal } from "./refusal.js";

/** AWS's names for a signature, an operation or a protocol that it doesn't understand. */
const NAMES = new Set([
  "SignatureDoesNotMatch",
  "InvalidSignature",
  "InvalidSignatureException",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "InvalidSecurity",
  "InvalidAction",
  "MissingAction",
  "UnknownOperation",
  "UnknownOperationException",
  "SerializationException",
]);

/**
 * Whether an answer says that the signature, the endpoint or the protocol is at fault, so that another way of calling may
 * succeed. Not a clock that is off, a throttle, an outage or a permission: those it would meet as well.
 */
export function isTransportFault(error: unknown): boolean {
  if (error instanceof Refusal) return isFaultIn(error);
  // A page of another host's; what begins as JSON was cut on its way.
  return error instanceof SyntaxError && !/^\s*[{["]/.test(textOf(error));
}

function isFaultIn(refusal: Refusal): boolean {
  const { httpStatusCode: status } = refusal.$metadata;
  if (status >= 500 || status === 429 || refusal.isForTime) return false;
  return status < 400 || refusal.isNameless || [refusal.name, refusal.Code ?? ""].some((name) => NAMES.has(bare(name)));
}

const bare = (name: string) => name.replace(/^.*[.#]/, "");

const textOf = (error: SyntaxError) => (error as { $responseBodyText?: string }).$responseBodyText ?? "";
