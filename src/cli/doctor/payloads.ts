import { endpointOf, regionOf } from "../../aws/wire/region.js";
import type { Config } from "../../config/config.js";
import { bad, type Finding, ok } from "./finding.js";

const TIMEOUT_MS = 8_000;
/** Nobody's object: S3 says that it's missing to those alone who may read the bucket and list it. */
const KEY = "queuehand: is the bucket there?";

/** Whether payloads can be read from PAYLOAD_BUCKETS, by a read of an object that nobody has. */
export async function payloadFindings({ payloads, queueUrl }: Config): Promise<Finding[]> {
  if (!payloads) return [];
  const { S3Payloads } = await import("../../aws/s3/s3-payload.js");
  const store = new S3Payloads({ region: regionOf(queueUrl, process.env, endpointOf(process.env)) });
  try {
    return await Promise.all(
      payloads.buckets.map(async (bucket) => {
        const read = await store.read({ bucket, key: KEY }, 1, AbortSignal.timeout(TIMEOUT_MS));
        if (read.kind !== "unavailable") return ok("payloads", `s3:GetObject and s3:ListBucket on ${bucket}`);
        const advice = "permit s3:GetObject and s3:ListBucket on it, or correct its name: messages would wait";
        return bad("payloads", `${bucket} can't be read: ${read.detail}`, advice);
      }),
    );
  } finally {
    store.close();
  }
}
