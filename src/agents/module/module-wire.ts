import type { RoleCredentials } from "../../pipeline/ports/agent-role.js";
import type { CheckpointCause, Run } from "../../pipeline/ports/handler.js";
import type { AbortCause, Outcome } from "../../pipeline/ports/outcome.js";
import type { MessageAttribute, ReceivedMessage } from "../../pipeline/ports/queue.js";

/** The argument that tells a module's process that its agent has a role of its own. */
export const WITH_ROLE = "with-role";

/** What the worker says to a module's process, one JSON object a line. */
export type ToModule =
  /** `of`: the number of the run, which all that is said of it carries. */
  | {
      readonly run: WireMessage;
      readonly of: number;
      readonly deadline: number;
      readonly idempotency?: Run["idempotency"];
    }
  | { readonly abort: AbortCause; readonly detail: string }
  /** Now is the time to save a checkpoint. */
  | { readonly save: CheckpointCause }
  /** The answer to `askCredentials`. */
  | { readonly credentials: WireCredentials; readonly asked: number }
  | { readonly deadline: number };

/** What a module's process says to the worker. */
export type FromModule =
  | { readonly ready: true }
  | { readonly unfit: string }
  | { readonly log: LogLevel; readonly fields: Readonly<Record<string, unknown>>; readonly text: string }
  | (OfRun & { readonly of: number });

/** What it says of the run with a number: what comes late, of a run that is over, must not count for the next. */
export type OfRun =
  | { readonly extend: number }
  | { readonly progress: string }
  /** The agent wants to save a checkpoint before it is aborted. */
  | { readonly checkpoint: true }
  | { readonly saved: true | WireError }
  | { readonly askCredentials: number }
  | { readonly ended: WireOutcome; readonly residentBytes: number };

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Longest line of a module's process; it keeps to it by cutting what it says. */
export const LINE_BYTES_MAX = 262_144;
const MESSAGE_MAX = 4_000;
const STACK_MAX = 8_000;

type WireAttribute = { readonly type: string; readonly string?: string; readonly base64?: string };

export interface WireMessage extends Omit<ReceivedMessage, "attributes"> {
  readonly attributes: readonly (readonly [string, WireAttribute])[];
}

export function messageToWire(message: ReceivedMessage): WireMessage {
  const attributes = [...message.attributes].map(([name, { type, string, binary }]) => {
    const value = binary ? { base64: Buffer.from(binary).toString("base64") } : string === undefined ? {} : { string };
    return [name, { type, ...value }] as const;
  });
  return { ...message, attributes };
}

export function messageFromWire(message: WireMessage): ReceivedMessage {
  const attributes = new Map<string, MessageAttribute>();
  for (const [name, { base64, ...attribute }] of message.attributes) {
    attributes.set(name, base64 === undefined ? attribute : { ...attribute, binary: Buffer.from(base64, "base64") });
  }
  return { ...message, attributes };
}

/** An error as it crosses; `code` where it has one. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
}

export function errorToWire(error: unknown): WireError {
  // Whatever else was thrown has no stack, and gets none that would be of this file.
  if (!(error instanceof Error)) return { name: typeof error, message: textOf(error).slice(0, MESSAGE_MAX) };
  const { name, message, stack, code } = error as Error & { code?: unknown };
  return {
    name: String(name),
    message: String(message).slice(0, MESSAGE_MAX),
    ...(stack === undefined ? {} : { stack: String(stack).slice(0, STACK_MAX) }),
    ...(typeof code === "string" ? { code } : {}),
  };
}

function textOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

export function errorFromWire({ name, message, stack, code }: WireError): Error {
  const error = new Error(String(message));
  error.name = String(name);
  error.stack = stack === undefined ? `${name}: ${message}` : String(stack);
  return code === undefined ? error : Object.assign(error, { code: String(code) });
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

/** The outcomes that an agent can bring about. */
export type WireOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "retry"; readonly error?: WireError; readonly afterSeconds?: number }
  | { readonly kind: "reject"; readonly reason: string }
  | { readonly kind: "defer"; readonly reason: string; readonly afterSeconds?: number };

export function outcomeToWire(outcome: Outcome): WireOutcome {
  switch (outcome.kind) {
    case "retry":
      return { ...outcome, error: errorToWire(outcome.error) };
    case "reject":
    case "defer":
      return { ...outcome, reason: outcome.reason.slice(0, MESSAGE_MAX) };
    default:
      return { kind: "done" };
  }
}

/** The outcome of a line that comes from an agent's process: anything odd is a retry. */
export function outcomeFromWire(outcome: WireOutcome): Outcome {
  const { afterSeconds } = outcome as { afterSeconds?: unknown };
  const after =
    typeof afterSeconds === "number" && afterSeconds >= 0 && afterSeconds <= 43_200 ? { afterSeconds } : undefined;
  switch (outcome.kind) {
    case "done":
      return { kind: "done" };
    case "reject":
      return { kind: "reject", reason: String(outcome.reason) };
    case "defer":
      return { kind: "defer", reason: String(outcome.reason), ...after };
    case "retry":
      return { kind: "retry", ...(outcome.error ? { error: errorFromWire(outcome.error) } : {}), ...after };
    default:
      return { kind: "retry", error: new Error("the agent's process told of an unknown outcome") };
  }
}

/** Fields of a log line, fit to be sent: errors spelled out, nothing that JSON can't say, nothing too long. */
export function fieldsToWire(fields: object): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Error ? { $error: errorToWire(value) } : value,
  ]);
  try {
    const text = JSON.stringify(Object.fromEntries(entries), (_, value) =>
      typeof value === "bigint" ? String(value) : value,
    );
    return text.length <= LINE_BYTES_MAX / 8 ? JSON.parse(text) : { leftOut: `${text.length} characters of fields` };
  } catch (error) {
    return { leftOut: `fields that are no JSON: ${(error as Error).message}` };
  }
}

export function fieldsFromWire(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => {
    const { $error } = (value ?? {}) as { $error?: WireError };
    return [name, $error ? errorFromWire($error) : value];
  });
  return Object.fromEntries(entries);
}
