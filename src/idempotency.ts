import { OnceHandler } from "./agents/once.js";
import { DynamoDbIdempotency } from "./aws/dynamodb-idempotency.js";
import { endpointOf, regionOf } from "./aws/region.js";
import type { Config } from "./config.js";
import type { Clock } from "./pipeline/clock.js";
import type { Handler } from "./pipeline/handler.js";
import type { IdempotencyTable } from "./pipeline/idempotency.js";
import { keyFinder } from "./pipeline/idempotency-key.js";
import type { Telemetry } from "./pipeline/telemetry.js";

/** The handler, guarded by the table of the settings (or by `table`); itself where there is none. */
export function onceIfAsked(
  handler: Handler,
  config: Config,
  { clock, telemetry, table }: { clock: Clock; telemetry: Telemetry; table: IdempotencyTable | undefined },
): Handler {
  const { idempotencyTable, idempotencyKeepSeconds: keepSeconds, queueUrl } = config;
  if (idempotencyTable === undefined) return handler;
  // The queue's region, since where only its URL names one the SDK would find none.
  const region = regionOf(queueUrl, process.env, endpointOf(process.env));
  return new OnceHandler({
    handler,
    table: table ?? new DynamoDbIdempotency({ table: idempotencyTable, keepSeconds, region }),
    keyOf: keyFinder(config.idempotencyKey),
    scope: queueUrl.split("/").at(-1)!,
    leaseSeconds: config.visibilityTimeoutSeconds,
    keepSeconds,
    onError: config.idempotencyOnError,
    clock,
    telemetry,
  });
}
