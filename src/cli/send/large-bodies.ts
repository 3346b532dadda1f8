import { randomUUID } from "node:crypto";
import { pointerMessage } from "../../agents/payload-pointer.js";
import { ATTRIBUTES_MAX, BYTES_MAX } from "../../aws/sqs/dead-letter-copy.js";
import type { OutgoingMessage, SendResult } from "../../aws/sqs/sqs-producer.js";
import { sizeOf } from "../../aws/wire/wire-attributes.js";
import type { PayloadPointer } from "../../pipeline/ports/payload.js";
import type { Sender } from "./send-all.js";

/** Where payloads are written to; S3Payloads is one. */
export interface PayloadWriter {
  write(pointer: PayloadPointer, body: string, signal: AbortSignal): Promise<void>;
}

/**
 * Puts bodies that SQS wouldn't take into a bucket, and sends pointers to them, as Amazon's Extended Client Library
 * does. The payload of a message that could not be sent stays: where the answer got lost, it may have been sent.
 */
export class LargeBodies implements Sender {
  readonly #sender: Sender;
  readonly #payloads: PayloadWriter;
  readonly #bucket: string;
  readonly #prefix: string;

  /** @param place `BUCKET` or `BUCKET/PREFIX`. */
  constructor(sender: Sender, payloads: PayloadWriter, place: string) {
    this.#sender = sender;
    this.#payloads = payloads;
    const [bucket = "", ...folders] = place.split("/").filter((part) => part !== "");
    this.#bucket = bucket;
    this.#prefix = folders.map((folder) => `${folder}/`).join("");
  }

  async send(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<SendResult[]> {
    const results: SendResult[] = messages.map(() => ({ ok: false, detail: "not sent" }));
    const ready: { readonly index: number; readonly message: OutgoingMessage }[] = [];
    for (const [index, message] of messages.entries()) {
      try {
        ready.push({ index, message: bytesOf(message) > BYTES_MAX ? await this.#pointing(message, signal) : message });
      } catch (error) {
        results[index] = { ok: false, detail: (error as Error).message };
      }
    }
    const sent = await this.#sender.send(
      ready.map(({ message }) => message),
      signal,
    );
    for (const [position, { index }] of ready.entries()) results[index] = sent[position]!;
    return results;
  }

  async #pointing(message: OutgoingMessage, signal: AbortSignal): Promise<OutgoingMessage> {
    const attributes = [...(message.attributes ?? [])];
    if (attributes.length >= ATTRIBUTES_MAX) {
      throw new Error(
        `a pointer needs one of the ${ATTRIBUTES_MAX} attributes, and the message has ${attributes.length}`,
      );
    }
    const pointer = { bucket: this.#bucket, key: `${this.#prefix}${randomUUID()}` };
    await this.#payloads.write(pointer, message.body, signal);
    const { body, attribute } = pointerMessage(pointer, Buffer.byteLength(message.body));
    return { ...message, body, attributes: new Map([...attributes, attribute]) };
  }
}

function bytesOf({ body, attributes }: OutgoingMessage): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, attribute] of attributes ?? []) bytes += sizeOf(name, attribute);
  return bytes;
}
