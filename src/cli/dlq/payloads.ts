import { endpointOf, regionOf } from "../../aws/wire/region.js";
import { ConfigError } from "../../config/config.js";
import { GivenSettings } from "../../config/given-settings.js";
import { LargeLetters } from "../../letters/large-letters.js";
import { loadEnvironment } from "../environment.js";
import { devAccess } from "../send/target.js";

const MIB = 2 ** 20;
const OURS = /^(PAYLOAD_|DECODE\b)/;

/**
 * What follows letters to their payloads, by the worker's own settings; undefined where PAYLOAD_BUCKETS names no bucket.
 * @throws ConfigError when one of them is wrong.
 */
export async function largeLetters(queueUrl: string): Promise<LargeLetters | undefined> {
  const { variables } = await loadEnvironment(false);
  const given = new GivenSettings(variables, "run");
  const faults = given.faults.filter((fault) => OURS.test(fault));
  if (faults.length > 0) throw new ConfigError(faults);
  const buckets = given.list("PAYLOAD_BUCKETS");
  if (!buckets) return undefined;
  const { S3Payloads } = await import("../../aws/s3/s3-payload.js");
  const region = regionOf(queueUrl, process.env, endpointOf(process.env));
  return new LargeLetters({
    store: new S3Payloads({ region, ...(await devAccess(queueUrl)) }),
    buckets,
    bytesMax: given.number("PAYLOAD_MAX_MB") * MIB,
    follow: given.list("DECODE") ?? [],
  });
}
