import type { PayloadPointer, PayloadRead } from "../pipeline/ports/payload.js";

const MIB = 2 ** 20;

/** Why a payload that was asked for isn't there, in words. */
export function payloadFault(
  { bucket, key }: PayloadPointer,
  read: Exclude<PayloadRead, { kind: "read" }>,
  bytesMax: number,
): string {
  const where = `its payload s3://${bucket}/${key}`;
  switch (read.kind) {
    case "missing":
      return `${where} doesn't exist`;
    case "tooLarge":
      return `${where} has ${read.bytes} bytes or more, and at most ${bytesMax} (${bytesMax / MIB} MiB) are allowed`;
    case "notText":
      return `${where} is no UTF-8`;
    case "unavailable":
      return `${where} can't be read: ${read.detail}`;
  }
}

export function foreignBucket({ bucket }: PayloadPointer): string {
  return `its payload is in the bucket ${JSON.stringify(bucket)}, which is none of PAYLOAD_BUCKETS`;
}
