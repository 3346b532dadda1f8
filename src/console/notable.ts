import type { OutcomeKind } from "../pipeline/ports/outcome.js";
import type { DeliveryFacts, Fact } from "../pipeline/ports/telemetry.js";

export type Level = "info" | "warn" | "error";

/** A fact that people may want to read, before anything was spent on its text. */
export interface Notable {
  readonly level: Level;
  readonly what: string;
  readonly delivery?: DeliveryFacts;
  /** An error, or a text of any length. */
  readonly detail?: unknown;
  /** Of the worker itself: never left out for being one of many. */
  readonly always?: true;
}

type Settled = Extract<Fact, { kind: "settled" }>;

/** What of a fact is worth an entry; undefined, and nothing allocated, for what every message brings. */
export function notable(fact: Fact): Notable | undefined {
  switch (fact.kind) {
    case "received":
    case "started":
    case "ended":
    case "crashed":
    case "listening":
      return undefined;
    case "settled":
      return fact.outcome === "done" && fact.certain ? undefined : settled(fact);
    case "released":
      return { level: "info", what: "released", delivery: fact.delivery, detail: fact.reason };
    case "deferred":
      return { level: "warn", what: `waits ${fact.afterSeconds} s`, delivery: fact.delivery, detail: fact.reason };
    case "leaseLost":
      return { level: "error", what: "lease lost", delivery: fact.delivery, detail: fact.reason };
    case "abortIgnored":
      return {
        level: "error",
        what: `runs on, ${Math.round(fact.sinceMs / 1_000)} s after its abort`,
        delivery: fact.delivery,
        detail: fact.cause,
      };
    case "progress":
      return { level: "info", what: "progress", delivery: fact.delivery, detail: fact.note };
    case "checkpoint":
      return fact.saved
        ? { level: "info", what: "checkpoint saved", delivery: fact.delivery, detail: fact.cause }
        : { level: "warn", what: "checkpoint not saved", delivery: fact.delivery, detail: fact.error };
    case "repeated":
      if (fact.found !== "late") return undefined;
      return { level: "warn", what: "result discarded: another run took its key", delivery: fact.delivery };
    case "receiveFailed":
      if (!fact.changed) return undefined;
      return { level: "error", what: `receive failed: ${fact.cause}`, detail: fact.error, always: true };
    case "receiveRecovered":
      return { level: "info", what: `receives work again, after ${fact.failures} failures`, always: true };
    case "settleFailed":
      return { level: "warn", what: `${OPERATIONS[fact.operation]} failed for ${fact.count}`, detail: fact.error };
    case "extendFailed":
      return { level: "warn", what: `extending ${fact.count} leases failed`, detail: fact.error };
    case "oddAnswer":
      return { level: "warn", what: "odd answer of the queue", detail: fact.detail };
    case "lifecycle":
      return { level: "info", what: `worker ${fact.state}`, detail: fact.detail, always: true };
    case "breaker":
      return fact.open
        ? { level: "error", what: `breaker opened: ${fact.failures} of ${fact.of} agents failed`, always: true }
        : { level: "info", what: "breaker closed: agents succeed again", always: true };
    case "protection":
      return { level: "info", what: fact.on ? "task protected from scale-in" : "task no longer protected" };
    case "protectionFailed":
      return { level: "warn", what: `task protection failed: ${fact.trouble}`, detail: fact.error };
    case "warning":
      return { level: "warn", what: fact.text, detail: fact.error };
    default:
      return fact satisfies never;
  }
}

const OPERATIONS = { delete: "delete", visibility: "visibility change", deadLetter: "dead-letter copy" } as const;

const ENDS: Readonly<Record<OutcomeKind, readonly [Level, string]>> = {
  done: ["info", "done"],
  retry: ["warn", "failed, is retried"],
  reject: ["error", "rejected"],
  defer: ["warn", "deferred, given back"],
  interrupted: ["info", "interrupted, released"],
  leaseLost: ["error", "lease lost"],
};

function settled({ outcome, certain, delivery, cause }: Settled): Notable | undefined {
  // The lease's loss was a fact of its own.
  if (outcome === "leaseLost") return undefined;
  const [level, what] = ENDS[outcome];
  if (certain) return { level, what, delivery, detail: cause };
  return { level: "warn", what: `${what}; not surely settled, may come again`, delivery, detail: cause };
}
