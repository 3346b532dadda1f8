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
    case "retriedHere": {
      const when = fact.afterSeconds === undefined ? "when the breaker closes" : `in ${fact.afterSeconds.toFixed(0)} s`;
      return { level: "warn", what: `failed, is retried here ${when}`, delivery: fact.delivery, detail: fact.cause };
    }
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
    case "busy":
      return {
        level: "warn",
        what: `${fact.budget} is busy: its budget pauses${fact.seconds === undefined ? "" : ` for ${fact.seconds} s`}`,
        delivery: fact.delivery,
        detail: fact.reason,
      };
    case "settleFailed":
      return { level: "warn", what: `${OPERATIONS[fact.operation]} failed for ${fact.count}`, detail: fact.error };
    case "extendFailed":
      return { level: "warn", what: `extending ${fact.count} leases failed`, detail: fact.error };
    case "oddAnswer":
      return { level: "warn", what: "odd answer of the queue", detail: fact.detail };
    case "draining":
      return { level: "info", what: drainingText(fact), always: true };
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
    case "transportChanged":
      return {
        level: "warn",
        what: `${fact.service} refused our own wire: its calls go by the SDK's client`,
        detail: fact.error,
        always: true,
      };
    case "fatal":
      return { level: "error", what: fact.text, detail: fact.error, always: true };
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
  reject: ["error", "rejected: dead letter"],
  defer: ["warn", "deferred, given back"],
  interrupted: ["info", "interrupted, released"],
  leaseLost: ["error", "lease lost"],
};

const LAST_RECEIVE = "failed for the last time: dead letter at its next receive";

function settled({ outcome, certain, delivery, cause, deadLettered, lastReceive }: Settled): Notable | undefined {
  // The lease's loss was a fact of its own.
  if (outcome === "leaseLost") return undefined;
  const [level, usual] = ENDS[outcome];
  const what = deadLettered ? "failed for the last time: dead letter" : lastReceive ? LAST_RECEIVE : usual;
  if (certain) return { level, what, delivery, detail: cause };
  return { level: "warn", what: `${what}; not surely settled, may come again`, delivery, detail: cause };
}

function drainingText({ running, unstarted, openPolls, pollsMs }: Extract<Fact, { kind: "draining" }>): string {
  const polls = openPolls > 0 ? `, open polls: ${openPolls}, ending in ${Math.ceil(pollsMs / 1_000)} s` : "";
  return `drain waits; agents: ${running}, messages that still get their run: ${unstarted}${polls}`;
}
