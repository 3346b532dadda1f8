import { OnceHandler } from "../agents/once/once.js";
import { defaultTarget } from "../aws/dynamodb/default-target.js";
import { DynamoDbIdempotency } from "../aws/dynamodb/dynamodb-idempotency.js";
import { endpointOf, regionOf } from "../aws/wire/region.js";
import type { TransportChoice } from "../aws/wire/transport-choice.js";
import type { Config } from "../config/config.js";
import { ClaimTable } from "../pipeline/lease/claim-table.js";
import type { Clock } from "../pipeline/ports/clock.js";
import type { Handler } from "../pipeline/ports/handler.js";
import type { IdempotencyTable } from "../pipeline/ports/idempotency.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import type { SharedClaims } from "./lease-keeper.js";

/** What a worker claims keys with. */
export interface Keys {
  readonly table: IdempotencyTable;
  /** The claims of the runs at work. */
  readonly claims: ClaimTable;
  /** How another thread makes the table anew; undefined where it is the caller's own. */
  readonly options: SharedClaims["table"] | undefined;
}

/** The table of the settings, or `given` in its place; undefined where the settings name none. */
export function keysOf(
  config: Config,
  given: IdempotencyTable | undefined,
  transport: TransportChoice,
): Keys | undefined {
  const { idempotencyTable: table, idempotencyKeepSeconds: keepSeconds, queueUrl, concurrency } = config;
  if (table === undefined) return undefined;
  const claims = new ClaimTable(concurrency);
  if (given) return { table: given, claims, options: undefined };
  // The queue's region, since it may be that only its URL names one.
  const region = regionOf(queueUrl, process.env, endpointOf(process.env));
  const options = { table, keepSeconds, region };
  return { table: new DynamoDbIdempotency({ ...options, ...defaultTarget(region, transport) }), claims, options };
}

/** The handler, guarded by the keys; itself where there are none. */
export function onceIfAsked(
  handler: Handler,
  config: Config,
  { clock, telemetry, keys }: { clock: Clock; telemetry: Telemetry; keys: Keys | undefined },
): Handler {
  if (!keys) return handler;
  const leaseMs = config.visibilityTimeoutSeconds * 1000;
  return new OnceHandler({
    handler,
    table: keys.table,
    claims: keys.claims,
    rule: { key: config.idempotencyKey, payload: config.idempotencyPayload },
    scope: config.queueUrl.split("/").at(-1)!,
    leaseMs: () => leaseMs,
    keepSeconds: config.idempotencyKeepSeconds,
    onError: config.idempotencyOnError,
    clock,
    telemetry,
  });
}
