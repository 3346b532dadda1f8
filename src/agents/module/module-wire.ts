import type { RoleCredentials } from "../../pipeline/ports/agent-role.js";
import type { Estimates, Uses } from "../../pipeline/ports/budget.js";
import type { CheckpointCause, Run } from "../../pipeline/ports/handler.js";
import type { Identity, IdentityRule } from "../../pipeline/ports/idempotency.js";
import { type AbortCause, busynessOf, checkedOutcome, type Outcome } from "../../pipeline/ports/outcome.js";
import type { DecodedBody, MessageAttribute, ReceivedMessage } from "../../pipeline/ports/queue.js";
import { described, isError, textOf } from "../../pipeline/ports/thrown.js";

/** The argument that tells a module's process that its agent has a role of its own. */
export const WITH_ROLE = "with-role";
/** The argument that tells it that runs are traced. */
export const WITH_TRACES = "with-traces";
/** The argument that tells it that it is asked for its estimates before a run. */
export const ASKED_FIRST = "asked-first";

/** What the worker says to a module's process, one JSON object a line. */
export type ToModule =
  /** `of`: the number of the run, which all that is said of it carries. */
  | {
      readonly run: WireMessage;
      readonly of: number;
      readonly deadline: number;
      readonly idempotency?: Run["idempotency"];
      /** The agent's decoder is to say first what the message is; then the run waits for `go` or `drop`. */
      readonly rule?: IdentityRule;
    }
  /** What does it take of budgets? Before its run, and never during one. */
  | { readonly estimate: WireMessage; readonly asked: number }
  | { readonly go: number; readonly idempotency?: Run["idempotency"] }
  | { readonly drop: number }
  | { readonly abort: AbortCause; readonly detail: string }
  /** Now is the time to save a checkpoint. */
  | { readonly save: CheckpointCause }
  /** The answer to `askCredentials`. */
  | { readonly credentials: WireCredentials; readonly asked: number }
  /** The answer to `take`; `error`: why not. */
  | { readonly taken: number; readonly error?: WireError }
  | { readonly deadline: number };

/** What a module's process says to the worker. */
export type FromModule =
  /** `decodes`: the agent has a decoder of its own; `uses`: of budgets, `true` for what it estimates of each message. */
  | {
      readonly ready: true;
      readonly decodes: boolean;
      readonly uses?: Readonly<Record<string, number | true>> | undefined;
    }
  | { readonly unfit: string }
  /** The answer to `estimate`. */
  | { readonly estimates: Estimates | WireError; readonly isError: boolean; readonly asked: number }
  | { readonly log: LogLevel; readonly fields: Readonly<Record<string, unknown>>; readonly text: string }
  | (OfRun & { readonly of: number });

/** What it says of the run with a number: what comes late, of a run that is over, must not count for the next. */
export type OfRun =
  | { readonly identity: Identity }
  | { readonly extend: number }
  | { readonly progress: string }
  /** The agent wants to save a checkpoint before it is aborted. */
  | { readonly checkpoint: true }
  | { readonly saved: true | WireError }
  | { readonly askCredentials: number }
  | { readonly take: string; readonly amount: number; readonly asked: number }
  | { readonly took: Uses }
  | { readonly ended: WireOutcome; readonly residentBytes: number };

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Longest line of a module's process; it keeps to it by cutting what it says. */
export const LINE_BYTES_MAX = 262_144;
const MESSAGE_MAX = 4_000;

type WireAttribute = { readonly type: string; readonly string?: string; readonly base64?: string };

export interface WireMessage extends Omit<ReceivedMessage, "attributes" | "decoded"> {
  readonly attributes: readonly (readonly [string, WireAttribute])[];
  /** `isBytes`: the body is base64 of bytes. */
  readonly decoded?: Pick<DecodedBody, "raw"> & { readonly isBytes: boolean };
}

export function messageToWire(message: ReceivedMessage): WireMessage {
  const attributes = [...message.attributes].map(([name, { type, string, binary }]) => {
    const value = binary ? { base64: Buffer.from(binary).toString("base64") } : string === undefined ? {} : { string };
    return [name, { type, ...value }] as const;
  });
  const { decoded, ...sent } = message;
  if (!decoded) return { ...sent, attributes };
  const { bytes, raw } = decoded;
  return { ...sent, attributes, decoded: { raw, isBytes: bytes !== undefined } };
}

export function messageFromWire(message: WireMessage): ReceivedMessage {
  const attributes = new Map<string, MessageAttribute>();
  for (const [name, { base64, ...attribute }] of message.attributes) {
    attributes.set(name, base64 === undefined ? attribute : { ...attribute, binary: Buffer.from(base64, "base64") });
  }
  const { decoded, ...sent } = message;
  if (!decoded) return { ...sent, attributes };
  const { isBytes, raw } = decoded;
  const bytes = isBytes ? { bytes: Buffer.from(message.body, "base64") } : {};
  return { ...sent, attributes, decoded: { raw, ...bytes } };
}

/** An error as it crosses; `code` where it has one. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
}

export function errorToWire(error: unknown): WireError {
  const { name, message, code, frames } = described(error);
  return {
    name,
    message,
    // Whatever else was thrown has no stack, and gets none that would be of this file.
    ...(frames === undefined ? {} : { stack: `${name}: ${message}\n${indented(frames)}` }),
    ...(code === undefined ? {} : { code }),
  };
}

const indented = (frames: string) => frames.replace(/^/gm, "    ");

export function errorFromWire(wire: unknown): Error {
  const { name, message, stack, code } = (wire ?? {}) as Readonly<Record<string, unknown>>;
  const error = new Error(textOf(message ?? ""));
  error.name = textOf(name ?? "Error");
  error.stack = typeof stack === "string" ? stack : `${error.name}: ${error.message}`;
  return typeof code === "string" ? Object.assign(error, { code }) : error;
}

/** A role's credentials, or why there are none. */
export type WireCredentials =
  | (Omit<RoleCredentials, "expiration"> & { readonly expiration: string })
  | { readonly error: WireError };

export function credentialsToWire({ expiration, ...credentials }: RoleCredentials): WireCredentials {
  return { ...credentials, expiration: expiration.toISOString() };
}

export function credentialsFromWire(wire: WireCredentials): RoleCredentials {
  if ("error" in wire) throw errorFromWire(wire.error);
  return { ...wire, expiration: new Date(wire.expiration) };
}

/** The identity in a line that comes from an agent's process; undefined where it is none. */
export function identityFromWire(wire: unknown): Identity | undefined {
  const { key: found, payloadHash } = (wire ?? {}) as Readonly<Record<string, unknown>>;
  const { key, missing } = (found ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof payloadHash !== "string") return undefined;
  if (typeof key === "string" && key !== "") return { key: { key }, payloadHash };
  return typeof missing === "string" ? { key: { missing }, payloadHash } : undefined;
}

type WireBusy = Readonly<Record<string, number | null>>;

/** The outcomes that an agent can bring about. */
export type WireOutcome =
  | Extract<Outcome, { readonly kind: "done" | "reject" }>
  | (Omit<Extract<Outcome, { readonly kind: "defer" }>, "busy"> & { readonly busy?: WireBusy })
  | { readonly kind: "retry"; readonly error?: WireError; readonly afterSeconds?: number };

export function outcomeToWire(outcome: Outcome): WireOutcome {
  switch (outcome.kind) {
    case "retry":
      return { ...outcome, error: errorToWire(outcome.error) };
    case "reject":
      return { ...outcome, reason: outcome.reason.slice(0, MESSAGE_MAX) };
    case "defer": {
      const { busy, ...rest } = outcome;
      return { ...rest, reason: outcome.reason.slice(0, MESSAGE_MAX), ...busyToWire(busy) };
    }
    default:
      return { kind: "done" };
  }
}

/** JSON has no undefined: the usual pause is null. */
function busyToWire(busy: Extract<Outcome, { kind: "defer" }>["busy"]): { readonly busy?: WireBusy } {
  if (busy === undefined) return {};
  return { busy: Object.fromEntries(Object.entries(busy).map(([name, seconds]) => [name, seconds ?? null])) };
}

/** The outcome of a line that comes from an agent's process: anything odd is a retry. */
export function outcomeFromWire(wire: object): Outcome {
  const { kind, error, reason, afterSeconds, awaitsRun, busy } = wire as Readonly<Record<string, unknown>>;
  const after = afterSeconds == null ? {} : { afterSeconds };
  switch (kind) {
    case "done":
      return { kind };
    case "reject":
      return checkedOutcome({ kind, reason } as Outcome);
    case "defer":
      return checkedOutcome({
        kind,
        reason,
        ...after,
        ...(awaitsRun === true && { awaitsRun }),
        ...(busy == null ? {} : { busy: busynessOf(busy) ?? busy }),
      } as Outcome);
    case "retry":
      return checkedOutcome({ kind, ...(error == null ? {} : { error: errorFromWire(error) }), ...after } as Outcome);
    default:
      return { kind: "retry", error: new Error("the agent's process told of an unknown outcome") };
  }
}

/** Fields of a log line, fit to be sent: errors spelled out, nothing that JSON can't say, nothing too long. Never throws. */
export function fieldsToWire(fields: object): Record<string, unknown> {
  try {
    const entries = Object.entries(isError(fields) ? { err: fields } : (fields ?? {})).map(([name, value]) => [
      name,
      isError(value) ? { $error: errorToWire(value) } : value,
    ]);
    const text = JSON.stringify(Object.fromEntries(entries), (_, value) =>
      typeof value === "bigint" ? String(value) : value,
    );
    return text.length <= LINE_BYTES_MAX / 8 ? JSON.parse(text) : { leftOut: `${text.length} characters of fields` };
  } catch (error) {
    return { leftOut: `fields that are no JSON: ${described(error).message}` };
  }
}

export function fieldsFromWire(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => {
    const { $error } = (value ?? {}) as { $error?: unknown };
    return [name, $error ? errorFromWire($error) : value];
  });
  return Object.fromEntries(entries);
}
