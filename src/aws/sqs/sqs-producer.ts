import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from "@aws-sdk/client-sqs";
import { BATCH_MAX, type MessageAttribute, type QueueError } from "../../pipeline/ports/queue.js";
import { entriesIn, positionOf, textIn } from "./batch-answer.js";
import { BYTES_MAX } from "./dead-letter-copy.js";
import { makeSqsClient, type SqsClientOptions } from "./sqs-client.js";
import { queueError, refusedEntry } from "./sqs-error.js";

/** A message to send. */
export interface OutgoingMessage {
  readonly body: string;
  /** 0..900; standard queues only. */
  readonly delaySeconds?: number;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly attributes?: ReadonlyMap<string, MessageAttribute>;
}

/** How one message fared; `unknown` = SQS may have it, since no answer says that it hasn't. */
export type SendResult =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly detail: string; readonly unknown?: boolean };

/** How often a message is sent that SQS refused for a reason that may pass, the first time included. */
const TRIES = 5;
const FIRST_PAUSE_MS = 100;

/**
 * Sends messages in batches of ten. Promises one result per message in the order given; a message that SQS refused for
 * a passing reason is sent again, the others of its batch are not.
 */
export class SqsProducer {
  readonly #options: SqsClientOptions;
  #client: Promise<SQSClient> | undefined;

  /** Makes no call, and connects on first use. */
  constructor(options: SqsClientOptions) {
    this.#options = options;
  }

  /** Rejects with a QueueError of kind `fatal` when nothing can be sent at all (queue gone, access denied). */
  async send(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<SendResult[]> {
    const sizes = messages.map(sizeOf);
    const results = messages.map((message, index): SendResult => {
      return { ok: false, detail: impossible(message, sizes[index]!) ?? "not sent" };
    });
    let left = [...messages.keys()].filter((index) => impossible(messages[index]!, sizes[index]!) === undefined);
    for (let attempt = 1; left.length > 0; attempt++) {
      const again: number[] = [];
      for (const batch of batchesOf(left, sizes)) {
        again.push(...(await this.#sendBatch(batch, messages, results, signal)));
      }
      left = again;
      if (attempt === TRIES || signal.aborted) break;
      if (left.length > 0) await pause(Math.random() * FIRST_PAUSE_MS * 2 ** attempt);
    }
    return results;
  }

  close(): void {
    void this.#client?.then(
      (client) => client.destroy(),
      () => {},
    );
  }

  /** Sends one batch, writes what became of it into `results`, and returns what is worth another try. */
  async #sendBatch(
    batch: readonly number[],
    messages: readonly OutgoingMessage[],
    results: SendResult[],
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    const Entries = batch.map((index, position) => ({ Id: String(position), ...entryOf(messages[index]!) }));
    const command = new SendMessageBatchCommand({ QueueUrl: this.#options.queueUrl, Entries });
    this.#client ??= makeSqsClient(this.#options);
    try {
      const { Successful, Failed } = await (await this.#client).send(command, { abortSignal: signal });
      for (const index of batch) results[index] = UNNAMED;
      for (const { Id, MessageId } of entriesIn(Successful)) {
        const position = positionOf(Id, batch.length);
        if (position !== undefined) results[batch[position]!] = { ok: true, id: textIn(MessageId) ?? "" };
      }
      const again: number[] = [];
      for (const { Id, Code, SenderFault, Message } of entriesIn(Failed)) {
        const position = positionOf(Id, batch.length);
        const refused = refusedEntry(textIn(Code), SenderFault === true, textIn(Message));
        if (position === undefined || refused.ok) continue;
        results[batch[position]!] = { ok: false, detail: refused.detail };
        if (refused.kind === "again") again.push(batch[position]!);
      }
      return again;
    } catch (error) {
      const failed = queueError(error, "SendMessageBatch", signal);
      if (failed.kind === "fatal") throw failed;
      const unknown = mayHaveArrived(error, failed);
      for (const index of batch) results[index] = { ok: false, detail: failed.message, ...(unknown && { unknown }) };
      // A malformed request stays one, however often it is sent.
      return failed.kind === "malformed" ? [] : batch;
    }
  }
}

const UNNAMED: SendResult = {
  ok: false,
  unknown: true,
  detail: "the answer does not name it: it isn't known whether it was sent",
};

/** Errors of sockets over which nothing was sent. */
const NEVER_SENT = /\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\b|no connection/i;

/** Whether a call that failed may have been done: it was sent, and no refusal came back. */
function mayHaveArrived(error: unknown, { kind, message }: QueueError): boolean {
  if (kind === "deadline" || error instanceof SyntaxError) return true;
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return kind === "unreachable" && $metadata?.httpStatusCode === undefined && !NEVER_SENT.test(message);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Why SQS would never take a message; asking it would cost the other nine of the batch. */
function impossible({ body }: OutgoingMessage, bytes: number): string | undefined {
  if (body === "") return "the body is empty, and SQS takes none such";
  if (bytes > BYTES_MAX) return `the message has ${bytes} bytes, and SQS takes at most ${BYTES_MAX}`;
  return undefined;
}

/** A message's size as SQS counts it, in bytes. */
function sizeOf({ body, attributes }: OutgoingMessage): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, { type, string, binary }] of attributes ?? []) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(type) + Buffer.byteLength(string ?? "");
    bytes += binary?.byteLength ?? 0;
  }
  return bytes;
}

/** Positions in batches within SQS's bounds, which hold for the whole batch. */
function batchesOf(positions: readonly number[], sizes: readonly number[]): number[][] {
  const batches: number[][] = [];
  let room = 0;
  for (const position of positions) {
    const size = sizes[position]!;
    if (batches.length === 0 || size > room || batches.at(-1)!.length === BATCH_MAX) {
      batches.push([]);
      room = BYTES_MAX;
    }
    batches.at(-1)!.push(position);
    room -= size;
  }
  return batches;
}

function entryOf(message: OutgoingMessage): Omit<SendMessageBatchRequestEntry, "Id"> {
  const { body, delaySeconds, groupId, deduplicationId, attributes } = message;
  return {
    MessageBody: body,
    ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
    ...(groupId !== undefined && { MessageGroupId: groupId }),
    ...(deduplicationId !== undefined && { MessageDeduplicationId: deduplicationId }),
    ...(attributes && {
      MessageAttributes: Object.fromEntries(
        [...attributes].map(([name, { type, string, binary }]) => [
          name,
          {
            DataType: type,
            ...(string !== undefined && { StringValue: string }),
            ...(binary !== undefined && { BinaryValue: binary }),
          },
        ]),
      ),
    }),
  };
}
