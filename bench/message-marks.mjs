import { createHash, randomBytes } from "node:crypto";

const HANDLE_FILLER = randomBytes(258).toString("base64");

/** A receipt handle as long as the real ones (about 350 characters): its length is part of what a client pays. */
export const handleOf = (id, count) => `AQEB${HANDLE_FILLER}:${id}:${count}`;

export const idOf = (number) => `6f1d0c5e-9a3b-4d27-8c41-${number.toString(16).padStart(12, "0")}`;

export const md5 = (data) => createHash("md5").update(data).digest("hex");

/** The MD5 that SQS states for message attributes: names sorted, each name, type and value with its length before it. */
export function md5OfAttributes(attributes) {
  const hash = createHash("md5");
  const sized = (data) => {
    const bytes = Buffer.from(data);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of Object.keys(attributes).sort()) {
    const { DataType, StringValue, BinaryValue } = attributes[name];
    sized(name);
    sized(DataType);
    const binary = DataType.startsWith("Binary");
    hash.update(Buffer.from([binary ? 2 : 1]));
    sized(binary ? Buffer.from(BinaryValue, "base64") : StringValue);
  }
  return hash.digest("hex");
}
