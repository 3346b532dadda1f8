import { type LambdaIdempotency, RESERVE_MS } from "./agents/lambda/lambda.js";
import { lambdaLog } from "./agents/lambda/lambda-log.js";
import { OnceHandler } from "./agents/once/once.js";
import { DynamoDbIdempotency } from "./aws/dynamodb/dynamodb-idempotency.js";
import { environmentCredentials } from "./aws/wire/credentials.js";
import { ConfigError } from "./config/config.js";
import { faultOf } from "./config/setting-value.js";
import { fallbackOf, SETTINGS, type Setting } from "./config/settings.js";
import { wayFaults } from "./config/ways-to-aws.js";
import { type Clock, systemClock } from "./pipeline/ports/clock.js";
import type { IdempotencyTable } from "./pipeline/ports/idempotency.js";
import type { Telemetry } from "./pipeline/ports/telemetry.js";

const PREFIX = "IDEMPOTENCY_";
const TABLE = "IDEMPOTENCY_TABLE";
const OF_LAMBDA = (SETTINGS as readonly Setting[]).filter(({ name }) => name.startsWith(PREFIX));

/**
 * Idempotency for `toLambda`, by the same settings as a worker's: IDEMPOTENCY_TABLE, IDEMPOTENCY_KEY, IDEMPOTENCY_PAYLOAD,
 * IDEMPOTENCY_ON_ERROR, IDEMPOTENCY_KEEP_SECONDS. A worker and a function that share a queue's name share its keys.
 *
 * A claim's lease ends with the function's own timeout, so nothing has to renew it. A message whose key is at work, or
 * whose table doesn't answer, is left to the queue. Calls DynamoDB in AWS_REGION, with the credentials that Lambda
 * puts into the environment: no SDK is needed.
 * @param env variables by name.
 * @param table instead of the DynamoDB table, which has to be named in any case.
 * @throws ConfigError with every fault of these settings, the missing table included, and of AWS's own variables.
 */
export function lambdaIdempotency(
  env: Readonly<Record<string, string | undefined>> = process.env,
  table?: IdempotencyTable,
): LambdaIdempotency {
  const setting = settingsOf(env);
  const keepSeconds = Number(setting("IDEMPOTENCY_KEEP_SECONDS"));
  const keys =
    table ??
    new DynamoDbIdempotency({
      table: setting(TABLE)!,
      keepSeconds,
      region: async () => regionOfEnvironment(env),
      credentials: environmentCredentials,
    });
  const rule = { key: setting("IDEMPOTENCY_KEY")!, payload: setting("IDEMPOTENCY_PAYLOAD") };
  return (handler, scope) =>
    new OnceHandler({
      handler,
      table: keys,
      rule,
      scope,
      leaseMs: ({ deadline }) => deadline + RESERVE_MS - Date.now(),
      keepSeconds,
      onError: setting("IDEMPOTENCY_ON_ERROR") === "open" ? "open" : "closed",
      clock: lambdaClock,
      telemetry,
    });
}

function regionOfEnvironment({ AWS_REGION, AWS_DEFAULT_REGION }: Readonly<Record<string, string | undefined>>): string {
  const region = AWS_REGION || AWS_DEFAULT_REGION;
  if (!region) throw new Error("no region is known: set AWS_REGION");
  return region;
}

/** A function is frozen between its invocations, and its monotonic clock with it. */
const lambdaClock: Clock = { ...systemClock, monotonic: Date.now };

const telemetry: Telemetry = (fact) => {
  if (fact.kind === "warning") lambdaLog({}).warn({ err: fact.error }, fact.text);
  else if (fact.kind === "repeated")
    lambdaLog({ ...fact.delivery }).info({ found: fact.found }, "message's key was known");
};

/** The values by name, those by default included. */
function settingsOf(env: Readonly<Record<string, string | undefined>>): (name: string) => string | undefined {
  const faults = Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && env[name] && !OF_LAMBDA.some((known) => known.name === name))
    .map((name) => `${name} is not a setting, got ${JSON.stringify(env[name])}`);
  const values = new Map<string, string>();
  for (const setting of OF_LAMBDA) {
    const value = env[setting.name] || fallbackOf(setting, "run");
    const isNeeded = setting.name === TABLE;
    const fault = value === undefined ? isNeeded && `${TABLE} is missing` : faultOf(setting, value);
    if (fault) faults.push(fault);
    else if (value !== undefined) values.set(setting.name, value);
  }
  faults.push(...wayFaults(env));
  if (faults.length > 0) throw new ConfigError(faults);
  return (name) => values.get(name);
}
