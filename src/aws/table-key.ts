import { hash } from "node:crypto";

/** DynamoDB takes a partition key of at most 2,048 bytes; half of it is more than a key that people read needs. */
const BYTES_MAX = 1_024;

/** A key as the table has it: itself, or a hash of what is too long. */
export function tableKey(key: string): string {
  return Buffer.byteLength(key) <= BYTES_MAX ? key : `sha256:${hash("sha256", key, "hex")}`;
}
