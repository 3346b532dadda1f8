import { DecodedHandler } from "../agents/decoded/decoded-handler.js";
import { decodingOf } from "../agents/decoded/decoding.js";
import {
  SIGNATURE_SCHEMES,
  SignatureCheck,
  type SignatureOptions,
  type SignatureScheme,
} from "../agents/events/signature.js";
import { FetchedHandler } from "../agents/fetched.js";
import { PoisonGate } from "../agents/poison-gate.js";
import { SignedHandler } from "../agents/signed.js";
import { S3Payloads } from "../aws/s3/s3-payload.js";
import { endpointOf, regionOf } from "../aws/wire/region.js";
import type { Config } from "../config/config.js";
import type { Clock } from "../pipeline/ports/clock.js";
import { UNMARKED_POINTERS } from "../pipeline/ports/decoder-names.js";
import type { Handler } from "../pipeline/ports/handler.js";
import type { PayloadStore } from "../pipeline/ports/payload.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { TracedHandler } from "../tracing/traced-handler.js";
import { startTracing } from "../tracing/tracing.js";
import { type Keys, onceIfAsked } from "./idempotency.js";

export interface IntakeParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Who hears what is told: runs that are traced are to, from their start on. */
  readonly listeners: Telemetry[];
  /** What is claimed before a run; undefined: nothing is. */
  readonly keys: Keys | undefined;
  /** Instead of S3. */
  readonly payloadStore?: PayloadStore | undefined;
}

/** What a message passes on its way to the agent. */
export interface Intake {
  readonly handler: TracedHandler;
  /** To be told all facts. */
  readonly onFact: Telemetry;
}

/**
 * The handler behind what the settings ask for: a webhook's signature is checked first, on the body as it was sent; then
 * a large payload is fetched and what is around a body is taken off, since the key of idempotency may be inside. A key
 * that is the message's id is none of the payload's business: then a repetition costs no fetching, and is done although
 * its payload may be gone. Around all of that is the run's span, where runs are traced.
 */
export function intakeOf(agent: Handler, config: Config, parts: IntakeParts): Intake {
  const once = (handler: Handler) => onceIfAsked(handler, config, parts);
  let fetched: FetchedHandler | undefined;
  const fetching = (handler: Handler) => {
    fetched = fetchedIfAsked(handler, config, parts);
    return fetched ?? handler;
  };
  const gated = gatedIfApart(agent, config, parts);
  const decoding = (handler: Handler) => decodedIfAsked(handler, config, parts);
  const byIdAlone = config.idempotencyKey === "messageId" && config.idempotencyPayload === undefined;
  const handler = byIdAlone ? once(fetching(decoding(gated))) : fetching(decoding(once(gated)));
  const traced = new TracedHandler({
    handler: signedIfAsked(handler, config),
    queueUrl: config.queueUrl,
    tracing: startTracing,
    facts: parts,
  });
  return { handler: traced, onFact: (fact) => fetched?.onFact(fact) };
}

/** What runs in this process can't crash without it, and why a service is gone no message's run can tell. */
function gatedIfApart(agent: Handler, { handler: spec, isolation }: Config, { telemetry }: IntakeParts): Handler {
  return isolation === "none" && spec?.kind !== "program" ? agent : new PoisonGate({ handler: agent, telemetry });
}

function decodedIfAsked(handler: Handler, { decode }: Config, { clock }: IntakeParts): Handler {
  const names = decode?.filter((name) => !(UNMARKED_POINTERS as readonly string[]).includes(name)) ?? [];
  return names.length === 0 ? handler : new DecodedHandler({ handler, decoding: decodingOf(names), clock });
}

const MIB = 2 ** 20;

function fetchedIfAsked(
  handler: Handler,
  { payloads, queueUrl, decode: follow = [] }: Config,
  { clock, telemetry, payloadStore }: IntakeParts,
): FetchedHandler | undefined {
  if (!payloads) return undefined;
  // The queue's region, since where only its URL names one the SDK would find none.
  const store = payloadStore ?? new S3Payloads({ region: regionOf(queueUrl, process.env, endpointOf(process.env)) });
  const { buckets, maxMiB, remove } = payloads;
  return new FetchedHandler({ handler, store, buckets, bytesMax: maxMiB * MIB, follow, remove, clock, telemetry });
}

function signedIfAsked(handler: Handler, { webhookSignature }: Config): Handler {
  if (!webhookSignature) return handler;
  const { scheme, variable } = webhookSignature;
  // The secret itself is no part of the settings: these are printed.
  return new SignedHandler(handler, new SignatureCheck(schemeOf(scheme), [process.env[variable] ?? ""]));
}

/** `github`, or `X-Signature/hex`. */
function schemeOf(text: string): SignatureScheme | SignatureOptions {
  const known = SIGNATURE_SCHEMES.find((scheme) => scheme === text);
  if (known) return known;
  const [header = "", encoding] = text.split("/");
  return { header, encoding: encoding as "hex" | "base64" };
}
