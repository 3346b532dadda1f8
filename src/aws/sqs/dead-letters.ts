import { BATCH_MAX, type EntryResult } from "../../pipeline/ports/queue.js";
import { entryResults } from "./batch-answer.js";
import { BYTES_MAX } from "./dead-letter-copy.js";
import { type FoundDeadLetters, findDeadLetters, type NamedQueue, type Wanted } from "./dead-letter-lookup.js";
import { batchesOf } from "./dead-letter-queue.js";
import { LETTER_ATTRIBUTES, type Letter, letterOf } from "./letter.js";
import { redriveCopy } from "./redrive-copy.js";
import { SqsCalls, type SqsServer } from "./sqs-calls.js";

export interface DeadLettersOptions extends SqsServer, Wanted {}

/** Longest that a receive waits for a message: long enough for SQS to ask all of its servers. */
const WAIT_SECONDS = 1;
const ENTRY_TRIES = 5;

/** A dead-letter queue and the queue that it serves. Every method may reject with a QueueError. */
export class DeadLetters implements FoundDeadLetters {
  readonly queue: NamedQueue;
  readonly source: NamedQueue | undefined;
  readonly shared: boolean;
  /** At the time of opening. */
  readonly count: number;
  readonly fifo: boolean;

  private constructor(
    readonly calls: SqsCalls,
    found: FoundDeadLetters,
  ) {
    this.queue = found.queue;
    this.source = found.source;
    this.shared = found.shared;
    this.count = found.count;
    this.fifo = found.queue.url.endsWith(".fifo");
  }

  /** Finds the queue as `findDeadLetters` does, and rejects as it does. */
  static async open(options: DeadLettersOptions, signal: AbortSignal): Promise<DeadLetters> {
    const calls = await SqsCalls.open((options.queueUrl ?? options.deadLetterQueueUrl)!, options);
    try {
      return new DeadLetters(calls, await findDeadLetters(calls, options, signal));
    } catch (error) {
      calls.close();
      throw error;
    }
  }

  /** Hides at most ten letters for `hideSeconds` and returns them; none when there is none to be had. */
  async receive(hideSeconds: number, signal: AbortSignal): Promise<Letter[]> {
    const input = {
      QueueUrl: this.queue.url,
      MaxNumberOfMessages: BATCH_MAX,
      WaitTimeSeconds: WAIT_SECONDS,
      VisibilityTimeout: hideSeconds,
      MessageSystemAttributeNames: LETTER_ATTRIBUTES,
      MessageAttributeNames: ["All"],
    };
    const { Messages } = await this.calls.call("ReceiveMessage", input, signal);
    const letters = new Map<string, Letter>();
    for (const one of (Array.isArray(Messages) ? Messages : []) as unknown[]) {
      const letter = letterOf(one);
      // Twice in one answer: the last handle is the good one.
      if (letter) letters.set(letter.message.id, letter);
    }
    return [...letters.values()];
  }

  /** Makes letters visible again: at most ten. */
  release(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]> {
    const entries = handles.map((ReceiptHandle) => ({ ReceiptHandle, VisibilityTimeout: 0 }));
    return this.#batch("ChangeMessageVisibilityBatch", this.queue.url, entries, signal);
  }

  /** Deletes letters: at most ten. */
  delete(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]> {
    const entries = handles.map((ReceiptHandle) => ({ ReceiptHandle }));
    return this.#batch("DeleteMessageBatch", this.queue.url, entries, signal);
  }

  /** Resolves when the queue `url` is there; rejects as well where nobody may ask. */
  async look(url: string, signal: AbortSignal): Promise<void> {
    await this.calls.call("GetQueueAttributes", { QueueUrl: url, AttributeNames: ["QueueArn"] }, signal);
  }

  /** Sends copies of letters to a queue, in order; deletes nothing. */
  async sendBack(
    letters: readonly { readonly letter: Letter; readonly body: string }[],
    to: string,
    signal: AbortSignal,
  ): Promise<EntryResult[]> {
    const copies = letters.map(({ letter, body }, index) => ({
      ...redriveCopy(letter, body, to.endsWith(".fifo")),
      index,
    }));
    const results = copies.map(({ bytes }): EntryResult => {
      const detail = `the message has ${bytes} bytes, and SQS takes at most ${BYTES_MAX}`;
      return { ok: false, kind: "refused", detail };
    });
    for (const batch of batchesOf(copies.filter(({ bytes }) => bytes <= BYTES_MAX))) {
      const entries = batch.map(({ entry }) => entry);
      const sent = await this.#batch("SendMessageBatch", to, entries, signal);
      batch.forEach(({ index }, position) => {
        results[index] = sent[position]!;
      });
    }
    return results;
  }

  /** Deletes all messages, those included that are hidden. SQS takes a minute for it. */
  async purge(signal: AbortSignal): Promise<void> {
    await this.calls.call("PurgeQueue", { QueueUrl: this.queue.url }, signal);
  }

  close(): void {
    this.calls.close();
  }

  /** One batch call; entries that failed for a passing reason are asked for again, the others are not. */
  async #batch(
    operation: string,
    QueueUrl: string,
    entries: readonly object[],
    signal: AbortSignal,
  ): Promise<EntryResult[]> {
    const results: EntryResult[] = [];
    let left = [...entries.keys()];
    for (let attempt = 1; left.length > 0; attempt++) {
      const Entries = left.map((index, position) => ({ Id: String(position), ...entries[index]! }));
      const answers = entryResults(left.length, await this.calls.call(operation, { QueueUrl, Entries }, signal));
      left.forEach((index, position) => {
        results[index] = answers[position]!;
      });
      left = left.filter((index) => {
        const result = results[index]!;
        return !result.ok && result.kind === "again";
      });
      if (attempt === ENTRY_TRIES || signal.aborted) break;
    }
    return results;
  }
}
