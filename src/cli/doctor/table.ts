import { DynamoDbIdempotency } from "../../aws/dynamodb-idempotency.js";
import { endpointOf, regionOf } from "../../aws/region.js";
import type { Config } from "../../config.js";
import { bad, type Finding, ok } from "./finding.js";

const TIMEOUT_MS = 8_000;

/** Whether IDEMPOTENCY_TABLE is there, has the right key, and may be written: by a write whose condition can't hold. */
export async function tableFindings(config: Config): Promise<Finding[]> {
  const { idempotencyTable: table, idempotencyKeepSeconds: keepSeconds, queueUrl } = config;
  if (table === undefined) return [];
  const region = regionOf(queueUrl, process.env, endpointOf(process.env));
  const keys = new DynamoDbIdempotency({ table, keepSeconds, region });
  try {
    await keys.check(AbortSignal.timeout(TIMEOUT_MS));
    return [ok("idempotency", `dynamodb:UpdateItem on ${table}`)];
  } catch (error) {
    const advice = "make the table with the string key id, permit dynamodb:UpdateItem on it, or correct its name";
    return [bad("idempotency", (error as Error).message, advice)];
  } finally {
    keys.close();
  }
}
