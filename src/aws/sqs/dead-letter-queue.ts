import type { DeadLetter, EntryResult, QueueError } from "../../pipeline/ports/queue.js";
import { entryResults } from "./batch-answer.js";
import { BYTES_MAX, type DeadLetterCopy, deadLetterCopy } from "./dead-letter-copy.js";

export interface DeadLetterQueueOptions {
  readonly url: string;
  /** Makes the call; rejects with a QueueError. */
  readonly send: (input: object, signal: AbortSignal) => Promise<Record<string, unknown>>;
  readonly warn: (text: string) => void;
}

/** Where rejected messages are copied to. Promises one result per letter, in order, and never rejects. */
export class DeadLetterQueue {
  readonly #options: DeadLetterQueueOptions;

  constructor(options: DeadLetterQueueOptions) {
    this.#options = options;
  }

  async copy(letters: readonly DeadLetter[], signal: AbortSignal): Promise<EntryResult[]> {
    const { url, warn } = this.#options;
    const copies = letters.map((letter) => deadLetterCopy(letter, url.endsWith(".fifo")));
    const results: EntryResult[] = [];
    for (const batch of batchesOf(copies)) results.push(...(await this.#send(batch, signal)));
    copies.forEach(({ note }, index) => {
      if (note && results[index]!.ok) warn(`dead letter of message ${letters[index]!.message.id}: ${note}`);
    });
    return results;
  }

  async #send(batch: readonly DeadLetterCopy[], signal: AbortSignal): Promise<EntryResult[]> {
    const Entries = batch.map(({ entry }, index) => ({ Id: String(index), ...entry }));
    try {
      return entryResults(batch.length, await this.#options.send({ QueueUrl: this.#options.url, Entries }, signal));
    } catch (error) {
      // A dead-letter queue that is gone says nothing about the queue itself: its messages stay, the worker too.
      const { kind, message } = error as QueueError;
      return batch.map(() => ({ ok: false, kind: kind === "fatal" ? "refused" : "again", detail: message }));
    }
  }
}

/** Runs of copies that keep within SQS's bound for a whole batch. */
export function batchesOf<Copy extends Pick<DeadLetterCopy, "bytes">>(copies: readonly Copy[]): Copy[][] {
  const batches: Copy[][] = [];
  let room = 0;
  for (const copy of copies) {
    if (copy.bytes > room || batches.length === 0) {
      batches.push([]);
      room = BYTES_MAX;
    }
    batches.at(-1)!.push(copy);
    room -= copy.bytes;
  }
  return batches;
}
