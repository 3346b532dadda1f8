import { hash } from "node:crypto";
import { KEY_BYTES_MAX } from "../../pipeline/ports/idempotency.js";

/** A key, or an owner's name, as the table has it: itself, or a hash of what is too long. */
export function tableKey(key: string): string {
  return Buffer.byteLength(key) <= KEY_BYTES_MAX ? key : `sha256:${hash("sha256", key, "hex")}`;
}
