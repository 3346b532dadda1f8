import type { RoleCredentials } from "../../pipeline/ports/agent-role.js";
import type { Identity } from "../../pipeline/ports/idempotency.js";
import { busynessOf, checkedOutcome, type Outcome } from "../../pipeline/ports/outcome.js";
import type { DecodedBody, MessageAttribute, ReceivedMessage } from "../../pipeline/ports/queue.js";
import { described, isError, textOf } from "../../pipeline/ports/thrown.js";

/*
 * What the worker and a module's process tell each other of, in the form in which it crosses: nothing that JSON can't say.
 */

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
