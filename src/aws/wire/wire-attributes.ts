import type { MessageAttribute } from "../../pipeline/ports/queue.js";

/** A message attribute in SQS's JSON; binary values are base64. */
export interface WireAttribute {
  readonly DataType?: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

/** An attribute's bytes as SQS counts them. */
export function sizeOf(name: string, { type, string, binary }: MessageAttribute): number {
  return (
    Buffer.byteLength(name) + Buffer.byteLength(type) + Buffer.byteLength(string ?? "") + (binary?.byteLength ?? 0)
  );
}

/** Attributes in SQS's JSON: a record whose keys may be `__proto__`, which an assignment would take for the prototype. */
export function recordOf(attributes: ReadonlyMap<string, MessageAttribute>): Record<string, WireAttribute> {
  return Object.fromEntries(
    [...attributes].map(([name, { type, string, binary }]) => [
      name,
      {
        DataType: type,
        ...(string !== undefined && { StringValue: string }),
        ...(binary !== undefined && { BinaryValue: Buffer.from(binary).toString("base64") }),
      },
    ]),
  );
}
