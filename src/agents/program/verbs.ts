import type { Uses } from "../../pipeline/ports/budget.js";
import type { Run } from "../../pipeline/ports/handler.js";
import { busynessOf, type Outcome } from "../../pipeline/ports/outcome.js";
import { VISIBILITY_MAX_SECONDS } from "../../pipeline/ports/queue.js";
import { printable } from "../../text/printable.js";

/** Longest note, and longest reason, in characters. */
const NOTE_MAX = 1_000;

const VERBS = ["extend", "progress", "took", "retry", "reject", "defer", "busy"] as const;
/** Those that say how the run is to end. */
const ENDS = new Set<string>(["retry", "reject", "defer", "busy"]);

/** What one line on descriptor 3 said. */
export interface Spoken {
  /** How the run is to end, if the line said that. */
  readonly outcome?: Outcome;
  /** What was wrong with the line, which does nothing then; but who said how to end, and said it oddly, is not done. */
  readonly fault?: string;
}

/**
 * Heeds one line of an agent's NDJSON: `{"extend":60}`, `{"progress":"..."}`, `{"retry":30}`, `{"reject":"..."}`,
 * `{"defer":30}`; one object may hold several. `retry` and `defer` take seconds (0..43,200), or null for the usual wait,
 * and a `reason` beside them; `{"took":{"openai.tokens":1830}}` says what the run has taken of budgets in all,
 * `{"busy":{"openai":2}}` that a provider takes no call for so many seconds, null for the usual pause; any other value of these, or of `reject`, is a plain retry that says what was wrong. The
 * line comes from an agent: nothing in it is trusted, and it can make nothing throw.
 */
export function heed(line: string, run: Run): Spoken {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { fault: "not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { fault: "not an object" };
  const verbs = value as Readonly<Record<string, unknown>>;
  const known = VERBS.filter((name) => Object.hasOwn(verbs, name));
  if (known.length === 0) return { fault: "no verb: extend, progress, took, retry, reject, defer or busy" };

  const { extend, progress, retry, reject, defer, took, busy } = verbs;
  const ends = known.some((name) => ENDS.has(name));
  const odd = (fault: string): Spoken => ({ fault, ...(ends && { outcome: { kind: "retry", error: fault } }) });
  if (known.includes("extend") && !isSeconds(extend, 1)) return odd(bounds("extend", 1));
  if (known.includes("progress") && typeof progress !== "string") return odd("progress takes a string");
  if (known.includes("reject") && typeof reject !== "string") return odd("reject takes a string");
  if (known.includes("retry") && retry !== null && !isSeconds(retry, 0)) return odd(bounds("retry", 0));
  if (known.includes("defer") && defer !== null && !isSeconds(defer, 0)) return odd(bounds("defer", 0));

  const busyness = busynessOf(busy);
  if (known.includes("busy") && !busyness)
    return odd(`busy takes budgets and their seconds, between 0 and ${VISIBILITY_MAX_SECONDS} each, or null`);
  if (known.includes("took")) {
    const fault = tookFault(took, run);
    if (fault) return odd(fault);
  }

  if (typeof extend === "number") run.extend(extend);
  if (typeof progress === "string") run.progress(printable(progress, NOTE_MAX));
  const reason = typeof verbs.reason === "string" ? printable(verbs.reason, NOTE_MAX) : undefined;
  if (typeof reject === "string") {
    return { outcome: { kind: "reject", reason: printable(reject, NOTE_MAX) || "rejected by the agent" } };
  }
  if (busyness) {
    const seconds = Object.values(busyness).filter((each) => each !== undefined);
    const afterSeconds = seconds.length > 0 ? { afterSeconds: Math.max(...seconds) } : {};
    const usual = `${Object.keys(busyness).join(", ")} is busy`;
    return { outcome: { kind: "defer", reason: reason ?? usual, ...afterSeconds, busy: busyness } };
  }
  if (known.includes("defer")) {
    return { outcome: { kind: "defer", reason: reason ?? "the agent asked to wait", ...after(defer) } };
  }
  if (known.includes("retry")) {
    return { outcome: { kind: "retry", error: reason ?? "the agent asked for a retry", ...after(retry) } };
  }
  return {};
}

/** Tells the run what it has taken in all; returns why that can't be. */
function tookFault(took: unknown, run: Run): string | undefined {
  if (typeof took !== "object" || took === null || Array.isArray(took)) return "took takes budgets and amounts";
  try {
    run.took(took as Uses);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function isSeconds(value: unknown, min: number): value is number {
  return typeof value === "number" && value >= min && value <= VISIBILITY_MAX_SECONDS;
}

const bounds = (verb: string, min: number) => `${verb} takes between ${min} and ${VISIBILITY_MAX_SECONDS} seconds`;

const after = (seconds: unknown) => (typeof seconds === "number" ? { afterSeconds: seconds } : {});
