import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandOutput,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type {
  DeadLetter,
  EntryResult,
  Queue,
  QueueError,
  ReceivedMessage,
  VisibilityChange,
} from "../pipeline/queue.js";
import type { Telemetry } from "../pipeline/telemetry.js";
import { BYTES_MAX, type DeadLetterCopy, deadLetterCopy } from "./dead-letter-copy.js";
import {
  neighbourUrl,
  type QueueAttributes,
  type QueueCounts,
  queueAttributes,
  queueCounts,
  urlOfArn,
} from "./queue-attributes.js";
import { makeSqsClient, type SqsClientOptions } from "./sqs-client.js";
import { queueError, reasonOf, refusedEntry } from "./sqs-error.js";
import { receivedMessage, SYSTEM_ATTRIBUTES } from "./sqs-message.js";

export interface SqsQueueOptions extends Omit<SqsClientOptions, "maxAttempts" | "requestTimeoutMs"> {
  /** For how many seconds a receive hides a message (0..43,200). */
  readonly visibilityTimeoutSeconds: number;
  /** Where `copyToDeadLetters` sends to; undefined: there is no copying. */
  readonly deadLetterQueueUrl?: string | undefined;
  /** Told of odd answers and of what is missing; defaults to nobody. */
  readonly telemetry?: Telemetry;
}

/** Beyond the poll's own wait: the longest that a receive may take for its answer. */
const RECEIVE_TIMEOUT_MS = 30_000;
/** Deletes and visibility changes take milliseconds; a socket that is silent for longer is dead, and leases run. */
const SETTLE_TIMEOUT_MS = 5_000;
/** For releasing what a receive brought after it was given up. */
const RELEASE_TIMEOUT_MS = 5_000;

const ok: EntryResult = Object.freeze({ ok: true });
const unanswered: EntryResult = Object.freeze({
  ok: false,
  kind: "again",
  detail: "the answer does not name this entry",
});

/**
 * The Queue on Amazon SQS. Promises: an answer that is odd loses no message that can be saved (one bad MD5, a message
 * twice, more than asked, attributes missing); a call ends when its signal aborts, whatever the SDK waits for; and
 * receiving never takes a socket or a retry from deleting, since each has a client of its own.
 */
export class SqsQueue implements Queue {
  readonly copyToDeadLetters: Queue["copyToDeadLetters"];
  readonly deadLetterQueueUrl: string | undefined;
  readonly #options: SqsQueueOptions;
  readonly #telemetry: Telemetry;
  #receiving: SQSClient | undefined;
  #settling: SQSClient | undefined;

  /** Makes no call; clients are made on first use, so a thread that only extends leases has one. */
  constructor(options: SqsQueueOptions) {
    this.#options = options;
    this.#telemetry = options.telemetry ?? (() => {});
    this.deadLetterQueueUrl = options.deadLetterQueueUrl;
    this.copyToDeadLetters =
      this.deadLetterQueueUrl === undefined ? undefined : (letters, signal) => this.#copy(letters, signal);
  }

  /**
   * The queue, with its attributes read and its dead-letter queue found by its RedrivePolicy unless one is given. A
   * role that may not ask costs a warning only. Rejects with a QueueError: `fatal` if the queue does not exist.
   */
  static async open(
    options: SqsQueueOptions,
    signal: AbortSignal,
  ): Promise<{ readonly queue: SqsQueue; readonly attributes: QueueAttributes | undefined }> {
    const client = makeSqsClient(options);
    const warn = (text: string, error: unknown) => options.telemetry?.({ kind: "warning", text, error });
    const given = options.deadLetterQueueUrl;
    try {
      let attributes: QueueAttributes | undefined;
      try {
        attributes = await untilAborted(queueAttributes(client, options.queueUrl, signal), signal);
      } catch (error) {
        const failed = queueError(error, "GetQueueAttributes", signal);
        if (!isAccessDenied(error)) throw failed;
        warn("the queue's attributes may not be read: its dead-letter queue must be set by DLQ_URL", failed);
      }
      const arn = attributes?.deadLetterArn;
      let deadLetterQueueUrl = given;
      if (given === undefined && arn !== undefined) {
        try {
          deadLetterQueueUrl = await untilAborted(urlOfArn(client, arn, signal), signal);
        } catch (error) {
          deadLetterQueueUrl = neighbourUrl(options.queueUrl, arn);
          warn(
            `the URL of the dead-letter queue ${arn} was guessed: ${deadLetterQueueUrl}`,
            queueError(error, "GetQueueUrl", signal),
          );
        }
      }
      return { queue: new SqsQueue({ ...options, deadLetterQueueUrl }), attributes };
    } finally {
      client.destroy();
    }
  }

  async receive(max: number, waitSeconds: number, signal: AbortSignal): Promise<ReceivedMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#options.queueUrl,
      MaxNumberOfMessages: max,
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: this.#options.visibilityTimeoutSeconds,
      MessageSystemAttributeNames: [...SYSTEM_ATTRIBUTES],
      MessageAttributeNames: ["All"],
    });
    const client = this.#receiver();
    const answer = this.#call(
      "ReceiveMessage",
      signal,
      () => client.send(command, { abortSignal: signal }),
      (late) => this.#release(late),
    );
    return this.#messagesOf(await answer, max);
  }

  async delete(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]> {
    const command = new DeleteMessageBatchCommand({
      QueueUrl: this.#options.queueUrl,
      Entries: handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle })),
    });
    const client = this.#settler();
    const answer = await this.#call("DeleteMessageBatch", signal, () => client.send(command, { abortSignal: signal }));
    return entryResults(handles.length, answer);
  }

  async changeVisibility(changes: readonly VisibilityChange[], signal: AbortSignal): Promise<EntryResult[]> {
    const command = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: this.#options.queueUrl,
      Entries: changes.map(({ handle, seconds }, index) => ({
        Id: String(index),
        ReceiptHandle: handle,
        VisibilityTimeout: seconds,
      })),
    });
    const client = this.#settler();
    const answer = await this.#call("ChangeMessageVisibilityBatch", signal, () =>
      client.send(command, { abortSignal: signal }),
    );
    return entryResults(changes.length, answer);
  }

  /** Approximate counts of the queue, for metrics. */
  counts(signal: AbortSignal): Promise<QueueCounts> {
    const client = this.#settler();
    return this.#call("GetQueueAttributes", signal, () => queueCounts(client, this.#options.queueUrl, signal));
  }

  /** Closes the sockets; the queue must not be used afterwards. Harmless twice. */
  close(): void {
    this.#receiving?.destroy();
    this.#settling?.destroy();
  }

  async #copy(letters: readonly DeadLetter[], signal: AbortSignal): Promise<EntryResult[]> {
    const url = this.deadLetterQueueUrl!;
    const copies = letters.map((letter) => deadLetterCopy(letter, url.endsWith(".fifo")));
    const results = new Array<EntryResult>(letters.length).fill(unanswered);
    for (const batch of batchesOf(copies)) {
      const command = new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: batch.map((index) => ({ Id: String(index), ...copies[index]!.entry })),
      });
      const client = this.#settler();
      try {
        const answer = await this.#call("SendMessageBatch", signal, () =>
          client.send(command, { abortSignal: signal }),
        );
        const answered = entryResults(letters.length, answer);
        for (const index of batch) results[index] = answered[index]!;
      } catch (error) {
        // A dead-letter queue that is gone says nothing about the queue itself: its messages stay, the worker too.
        const { kind, message } = error as QueueError;
        const failed: EntryResult = { ok: false, kind: kind === "fatal" ? "refused" : "again", detail: message };
        for (const index of batch) results[index] = failed;
      }
    }
    copies.forEach(({ note }, index) => {
      if (!note || !results[index]!.ok) return;
      this.#telemetry({ kind: "warning", text: `dead letter of message ${letters[index]!.message.id}: ${note}` });
    });
    return results;
  }

  /** Makes one call and ends with it or with its signal, whichever is first; `late` gets an answer that came after. */
  async #call<Answer>(
    operation: string,
    signal: AbortSignal,
    send: () => Promise<Answer>,
    late?: (answer: Answer) => void,
  ): Promise<Answer> {
    if (signal.aborted) throw queueError(signal.reason, operation, signal);
    try {
      return await untilAborted(send(), signal, late);
    } catch (error) {
      throw queueError(error, operation, signal);
    }
  }

  #messagesOf({ Messages }: ReceiveMessageCommandOutput, max: number): ReceivedMessage[] {
    if (!Array.isArray(Messages)) return [];
    const messages: ReceivedMessage[] = [];
    let positions: Map<string, number> | undefined;
    let withoutHandle = 0;
    let twice = 0;
    for (const given of Messages) {
      const message = given && receivedMessage(given);
      if (!message) {
        withoutHandle++;
        continue;
      }
      positions ??= new Map();
      const before = positions.get(message.id);
      if (before === undefined) positions.set(message.id, messages.push(message) - 1);
      else {
        messages[before] = message;
        twice++;
      }
    }
    const odd = (detail: string, count: number) => count > 0 && this.#telemetry({ kind: "oddAnswer", detail, count });
    odd("a message without receipt handle was left to its visibility timeout", withoutHandle);
    odd("a message was twice in one answer: its last receipt handle counts", twice);
    odd(`more messages than the ${max} asked for were taken`, messages.length - max);
    odd(
      "a body did not match its MD5",
      messages.reduce((sum, { intact }) => sum + (intact ? 0 : 1), 0),
    );
    return messages;
  }

  /** Shows again what came after the receive was given up, since nobody here will work on it. */
  #release(late: ReceiveMessageCommandOutput): void {
    const messages = this.#messagesOf(late, Number.POSITIVE_INFINITY);
    if (messages.length === 0) return;
    const changes = messages.map(({ handle }) => ({ handle, seconds: 0 }));
    this.#telemetry({
      kind: "oddAnswer",
      detail: "messages came after their receive was given up: released",
      count: changes.length,
    });
    for (let at = 0; at < changes.length; at += 10) {
      this.changeVisibility(changes.slice(at, at + 10), AbortSignal.timeout(RELEASE_TIMEOUT_MS)).catch((error) =>
        this.#telemetry({ kind: "settleFailed", operation: "visibility", count: changes.length, error }),
      );
    }
  }

  /** One attempt: a second one could hide ten more messages while the first ten are lost on the way. */
  #receiver(): SQSClient {
    this.#receiving ??= makeSqsClient({ ...this.#options, maxAttempts: 1, requestTimeoutMs: RECEIVE_TIMEOUT_MS });
    return this.#receiving;
  }

  /** One attempt here too: the pipeline knows the leases, so it decides what is worth another. */
  #settler(): SQSClient {
    this.#settling ??= makeSqsClient({ ...this.#options, maxAttempts: 1, requestTimeoutMs: SETTLE_TIMEOUT_MS });
    return this.#settling;
  }
}

/** What a batch call answered, by position: SQS wants entry ids of its own alphabet, and message ids aren't of it. */
function entryResults(
  count: number,
  answer: {
    readonly Successful?: readonly { Id?: string | undefined }[] | undefined;
    readonly Failed?: readonly BatchResultErrorEntry[] | undefined;
  },
): EntryResult[] {
  const results = new Array<EntryResult>(count).fill(unanswered);
  for (const { Id } of answer.Successful ?? []) if (Number(Id) < count) results[Number(Id)] = ok;
  for (const { Id, Code, SenderFault, Message } of answer.Failed ?? []) {
    if (Number(Id) < count) results[Number(Id)] = refusedEntry(Code, SenderFault ?? false, Message);
  }
  return results;
}

/** Positions in batches that keep within SQS's bound for a whole batch. */
function batchesOf(copies: readonly DeadLetterCopy[]): number[][] {
  const batches: number[][] = [];
  let room = 0;
  copies.forEach(({ bytes }, index) => {
    if (bytes > room || batches.length === 0) {
      batches.push([]);
      room = BYTES_MAX;
    }
    batches.at(-1)!.push(index);
    room -= bytes;
  });
  return batches;
}

/**
 * The promise, or a rejection as soon as the signal aborts: the SDK's own signal doesn't reach the resolution of
 * credentials, where a call can hang for as long as their endpoint does.
 */
function untilAborted<Answer>(
  promise: Promise<Answer>,
  signal: AbortSignal,
  late?: (answer: Answer) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new Error(reasonOf(signal)));
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(
      (answer) => {
        signal.removeEventListener("abort", aborted);
        if (signal.aborted) late?.(answer);
        resolve(answer);
      },
      (error) => {
        signal.removeEventListener("abort", aborted);
        reject(error);
      },
    );
  });
}

function isAccessDenied(error: unknown): boolean {
  const name = error instanceof Error ? error.name : "";
  return /AccessDenied|NotAuthorized/.test(name);
}
