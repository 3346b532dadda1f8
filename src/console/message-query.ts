import { OUTCOME_KINDS } from "../pipeline/ports/outcome.js";
import type { MessageFilter, MessageState } from "./api-messages.js";
import { RequestFault } from "./gate.js";

const STATES: readonly string[] = [...OUTCOME_KINDS, "running", "waiting", "released"];
const TEXTS = ["error", "group", "key", "text"] as const;
const TEXT_MAX = 500;
const LIMIT_MAX = 1_000;

/** The filter in a query. @throws RequestFault naming the part that makes no sense. */
export function messageFilter(query: URLSearchParams): MessageFilter {
  const outcome = query.get("outcome") || undefined;
  if (outcome !== undefined && !STATES.includes(outcome)) {
    throw new RequestFault(400, `outcome must be one of ${STATES.join(", ")}, got "${outcome}"`);
  }
  const limit = query.get("limit") || undefined;
  const count = Number(limit);
  if (limit !== undefined && !(Number.isInteger(count) && count >= 1 && count <= LIMIT_MAX)) {
    throw new RequestFault(400, `limit must be between 1 and ${LIMIT_MAX}, got "${limit}"`);
  }
  const texts = TEXTS.flatMap((name) => {
    const text = query.get(name);
    return text ? [[name, text.slice(0, TEXT_MAX)] as const] : [];
  });
  return {
    ...(outcome && { outcome: outcome as MessageState }),
    ...(limit !== undefined && { limit: count }),
    ...Object.fromEntries(texts),
  };
}
