import { foreignBucket, payloadFault } from "../agents/payload-fault.js";
import { payloadMark, pointerMessage, withoutMarks, withPayload } from "../agents/payload-pointer.js";
import { BYTES_MAX } from "../aws/sqs/dead-letter-copy.js";
import type { Letter } from "../aws/sqs/letter.js";
import type { PayloadPointer, PayloadStore } from "../pipeline/ports/payload.js";

/** Where payloads are read and written; S3Payloads is one. */
export interface LetterPayloads extends Pick<PayloadStore, "read" | "close"> {
  write(pointer: PayloadPointer, body: string, signal: AbortSignal): Promise<void>;
}

export interface LargeLettersOptions {
  readonly store: LetterPayloads;
  /** Payloads of other buckets are neither read nor written. */
  readonly buckets: readonly string[];
  readonly bytesMax: number;
  /** Pointers that nothing but a body marks, and that are followed, by the names of DECODE. */
  readonly follow: readonly string[];
}

/** A letter as people mean it. */
export interface OpenedLetter {
  /** With its payload as the body, and no attribute that describes a pointer; the letter itself where it has none. */
  readonly letter: Letter;
  /** Where its payload is. */
  readonly pointer?: PayloadPointer;
  /** Why it couldn't be read: `letter` is the letter itself then. */
  readonly fault?: string;
}

const READ_MS = 120_000;

/** Letters whose bodies are in S3, read and written through their pointers. */
export class LargeLetters {
  readonly #options: LargeLettersOptions;

  constructor(options: LargeLettersOptions) {
    this.#options = options;
  }

  /** Longest payload, in bytes. */
  get bytesMax(): number {
    return this.#options.bytesMax;
  }

  /** Never rejects. */
  async opened(letter: Letter): Promise<OpenedLetter> {
    const { store, buckets, bytesMax, follow } = this.#options;
    const { message } = letter;
    const mark = payloadMark(message, follow);
    if (mark.kind === "inline") return { letter };
    if (mark.kind === "broken") return { letter, fault: mark.detail };
    const { pointer, attributes } = mark;
    if (!buckets.includes(pointer.bucket)) return { letter, pointer, fault: foreignBucket(pointer) };
    const read = await store.read(pointer, bytesMax, AbortSignal.timeout(READ_MS));
    if (read.kind !== "read") return { letter, pointer, fault: payloadFault(pointer, read, bytesMax) };
    return { letter: { ...letter, message: withPayload(message, read.body, attributes) }, pointer };
  }

  /**
   * A letter with another body: in the message where SQS takes it, else beside the payload that it had.
   * Rejects with an Error that says what S3 said.
   */
  async withBody(
    { letter, pointer }: OpenedLetter,
    body: string,
  ): Promise<{ readonly letter: Letter; readonly body: string }> {
    if (!pointer || Buffer.byteLength(body) <= BYTES_MAX) return { letter, body };
    // Never over the old one: what is sent may get lost, and the letter stays then.
    const beside = { bucket: pointer.bucket, key: `${pointer.key}.edited-${letter.message.id}` };
    await this.#options.store.write(beside, body, AbortSignal.timeout(READ_MS));
    const { body: pointing, attribute } = pointerMessage(beside, Buffer.byteLength(body));
    const attributes = new Map([...letter.message.attributes, attribute]);
    return { letter: { ...letter, message: { ...letter.message, attributes } }, body: pointing };
  }

  close(): void {
    this.#options.store.close();
  }
}

/** A letter with another body, where payloads aren't followed: what described a pointer goes with the pointer. */
export function withPlainBody(letter: Letter, body: string): { readonly letter: Letter; readonly body: string } {
  const { message } = letter;
  if (payloadMark(message).kind === "inline" || payloadMark({ ...message, body }).kind === "pointer") {
    return { letter, body };
  }
  return { letter: { ...letter, message: { ...message, attributes: withoutMarks(message.attributes) } }, body };
}
