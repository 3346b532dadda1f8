import { BATCH_MAX, type EntryResult, QueueError } from "../pipeline/queue.js";
import { entryResults } from "./batch-answer.js";
import { BYTES_MAX } from "./dead-letter-copy.js";
import { batchesOf } from "./dead-letter-queue.js";
import { LETTER_ATTRIBUTES, type Letter, letterOf } from "./letter.js";
import { attributesOf, COUNT_ATTRIBUTES, countsOf, neighbourUrl, ownerOfArn } from "./queue-description.js";
import { redriveCopy } from "./redrive-copy.js";
import { SqsCalls, type SqsServer } from "./sqs-calls.js";
import type { WireMessage } from "./sqs-message.js";

/** A queue by its two names. */
export interface NamedQueue {
  readonly url: string;
  readonly arn: string | undefined;
}

export interface DeadLettersOptions extends SqsServer {
  /** The queue whose dead letters are meant, or the dead-letter queue itself. */
  readonly queueUrl: string | undefined;
  /** Wins over the RedrivePolicy. One of the two has to be given. */
  readonly deadLetterQueueUrl: string | undefined;
}

/** Longest that a receive waits for a message: long enough for SQS to ask all of its servers. */
const WAIT_SECONDS = 1;
const ENTRY_TRIES = 5;

/** A dead-letter queue and the queue that it serves. Every method may reject with a QueueError. */
export class DeadLetters {
  readonly fifo: boolean;

  private constructor(
    readonly calls: SqsCalls,
    readonly queue: NamedQueue,
    /** Where its messages came from; undefined where that isn't one queue. */
    readonly source: NamedQueue | undefined,
    /** Whether it serves other queues as well, as far as is known. */
    readonly shared: boolean,
    /** Approximate, at the time of opening: visible, hidden and delayed. */
    readonly count: number,
  ) {
    this.fifo = queue.url.endsWith(".fifo");
  }

  /**
   * Finds the dead-letter queue: the one given, else that of the queue's RedrivePolicy, else the queue itself if it is
   * another's dead-letter queue. Rejects with a QueueError, of kind `malformed` when there is none.
   */
  static async open(options: DeadLettersOptions, signal: AbortSignal): Promise<DeadLetters> {
    const { queueUrl, deadLetterQueueUrl } = options;
    const calls = await SqsCalls.open((queueUrl ?? deadLetterQueueUrl)!, options);
    try {
      const found = await find(calls, queueUrl, deadLetterQueueUrl, signal);
      const [{ arn, counts }, sources] = await Promise.all([
        describe(calls, found.url, signal),
        sourcesOf(calls, found.url, signal),
      ]);
      const count = counts.visible + counts.inFlight + counts.delayed;
      return new DeadLetters(calls, { url: found.url, arn }, found.source, sources.length > 1, count);
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
    for (const wire of (Messages ?? []) as WireMessage[]) {
      const letter = letterOf(wire);
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

async function find(
  calls: SqsCalls,
  queueUrl: string | undefined,
  deadLetterQueueUrl: string | undefined,
  signal: AbortSignal,
): Promise<{ url: string; source: NamedQueue | undefined }> {
  if (queueUrl === undefined)
    return { url: deadLetterQueueUrl!, source: await soleSource(calls, deadLetterQueueUrl!, signal) };
  const { arn, deadLetterArn } = await describe(calls, queueUrl, signal);
  const source = { url: queueUrl, arn };
  if (deadLetterQueueUrl !== undefined) return { url: deadLetterQueueUrl, source };
  if (deadLetterArn !== undefined) return { url: await urlOf(calls, queueUrl, deadLetterArn, signal), source };
  const sources = await sourcesOf(calls, queueUrl, signal);
  if (sources.length > 0) return { url: queueUrl, source: await soleSource(calls, queueUrl, signal, sources) };
  throw new QueueError("malformed", `${queueUrl} has no dead-letter queue and is none: its RedrivePolicy is unset`);
}

async function describe(calls: SqsCalls, url: string, signal: AbortSignal) {
  const AttributeNames = ["QueueArn", "RedrivePolicy", ...COUNT_ATTRIBUTES];
  const { Attributes } = await calls.call("GetQueueAttributes", { QueueUrl: url, AttributeNames }, signal);
  const given = (Attributes ?? {}) as Record<string, string>;
  return { ...attributesOf(given, url), counts: countsOf(given) };
}

/** The URL of a dead-letter queue, asked for; guessed where the role may not ask. */
async function urlOf(calls: SqsCalls, queueUrl: string, arn: string, signal: AbortSignal): Promise<string> {
  const { account, name } = ownerOfArn(arn);
  try {
    const input = { QueueName: name, ...(account && { QueueOwnerAWSAccountId: account }) };
    return String((await calls.call("GetQueueUrl", input, signal)).QueueUrl);
  } catch (error) {
    const guess = neighbourUrl(queueUrl, arn);
    if (guess === undefined) throw error;
    return guess;
  }
}

async function sourcesOf(calls: SqsCalls, url: string, signal: AbortSignal): Promise<string[]> {
  try {
    const { queueUrls } = await calls.call("ListDeadLetterSourceQueues", { QueueUrl: url }, signal);
    return (queueUrls ?? []) as string[];
  } catch {
    // A role that may not ask, a server that doesn't know the question: then nobody knows.
    return [];
  }
}

async function soleSource(
  calls: SqsCalls,
  url: string,
  signal: AbortSignal,
  known?: readonly string[],
): Promise<NamedQueue | undefined> {
  const sources = known ?? (await sourcesOf(calls, url, signal));
  if (sources.length !== 1) return undefined;
  return { url: sources[0]!, arn: (await describe(calls, sources[0]!, signal)).arn };
}
