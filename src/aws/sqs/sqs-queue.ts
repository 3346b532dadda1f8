import {
  BATCH_MAX,
  type EntryResult,
  type Queue,
  type ReceivedMessage,
  type VisibilityChange,
} from "../../pipeline/ports/queue.js";
import type { Telemetry } from "../../pipeline/ports/telemetry.js";
import { type CredentialProvider, CredentialSource, defaultCredentials } from "../wire/credentials.js";
import type { WireCall } from "../wire/json-wire.js";
import type { TransportChoice } from "../wire/transport-choice.js";
import { entryResults } from "./batch-answer.js";
import { DeadLetterQueue } from "./dead-letter-queue.js";
import {
  attributesOf,
  COUNT_ATTRIBUTES,
  countsOf,
  ownerOfArn,
  type QueueAttributes,
  type QueueCounts,
  queueUrlIn,
} from "./queue-description.js";
import { handlesIn, messagesOf } from "./receive-answer.js";
import { SYSTEM_ATTRIBUTES, WITH_SENDER } from "./sqs-message.js";
import { SqsPools } from "./sqs-pools.js";

export interface SqsQueueOptions {
  readonly queueUrl: string;
  /** For how many seconds a receive hides a message (0..43,200). */
  readonly visibilityTimeoutSeconds: number;
  /** Where `copyToDeadLetters` sends to; undefined: there is no copying. */
  readonly deadLetterQueueUrl?: string | undefined;
  /**
   * True where SQS itself named that URL, by a host that may not be reached from here: such copies go the queue's own way.
   */
  readonly deadLetterQueueFound?: boolean;
  /** Whether messages are to say who sent them. */
  readonly asksForSender?: boolean;
  /** Unset: of the queue's URL, else of the environment. */
  readonly region?: string | undefined;
  /** Wins over the host in the queue's URL; unset: of the environment, else that host. */
  readonly endpoint?: string | undefined;
  /** Unset: the SDK's default chain. */
  readonly credentials?: CredentialProvider | undefined;
  /** Unset: our own wire. */
  readonly transport?: TransportChoice | undefined;
  /** Told of odd answers and of what is missing; unset: nobody. */
  readonly telemetry?: Telemetry | undefined;
}

/** Beyond the poll's own wait: the longest that a receive may take for its answer. */
const RECEIVE_SLACK_MS = 10_000;
/** Deletes and visibility changes take milliseconds; a socket that is silent for longer is dead, and leases run. */
const SETTLE_TIMEOUT_MS = 5_000;

/**
 * The Queue on Amazon SQS. Promises: an answer that is odd loses no message that can be saved (one bad MD5, a message
 * twice, more than asked, attributes missing; of an answer cut short, the messages that can be made out are released);
 * a call ends when its signal aborts; and receiving never takes a socket from deleting.
 */
export class SqsQueue implements Queue {
  readonly copyToDeadLetters: Queue["copyToDeadLetters"] = undefined;
  readonly deadLetterQueueUrl: string | undefined;
  readonly #options: SqsQueueOptions;
  readonly #telemetry: Telemetry;
  readonly #pools: SqsPools;

  /** Makes no call, and connects on first use. */
  constructor(options: SqsQueueOptions) {
    this.#options = options;
    this.#telemetry = options.telemetry ?? (() => {});
    const credentials = new CredentialSource(options.credentials ?? defaultCredentials, (error) =>
      this.#telemetry({
        kind: "warning",
        text: "credentials could not be refreshed: the old ones serve until they end",
        error,
      }),
    );
    this.#pools = new SqsPools({ ...options, credentials });
    const url = options.deadLetterQueueUrl;
    this.deadLetterQueueUrl = url;
    if (url === undefined) return;
    const named = options.deadLetterQueueFound ? options.queueUrl : url;
    const deadLetters = new DeadLetterQueue({
      url,
      send: (input, signal) => this.#pools.call("settle", shortCall("SendMessageBatch", input, signal), named),
      warn: (text) => this.#telemetry({ kind: "warning", text }),
    });
    this.copyToDeadLetters = (letters, signal) => deadLetters.copy(letters, signal);
  }

  async receive(max: number, waitSeconds: number, signal: AbortSignal): Promise<ReceivedMessage[]> {
    const answer = await this.#pools.call("receive", {
      operation: "ReceiveMessage",
      input: {
        QueueUrl: this.#options.queueUrl,
        MaxNumberOfMessages: max,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: this.#options.visibilityTimeoutSeconds,
        MessageSystemAttributeNames: this.#options.asksForSender ? WITH_SENDER : SYSTEM_ATTRIBUTES,
        MessageAttributeNames: ["All"],
      },
      signal,
      timeoutMs: waitSeconds * 1000 + RECEIVE_SLACK_MS,
      repeatable: false,
      onBroken: (text) => this.#releaseHandlesIn(text),
    });
    return messagesOf(answer.Messages, max, this.#odd);
  }

  async delete(handles: readonly string[], signal: AbortSignal): Promise<EntryResult[]> {
    const entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    return entryResults(handles.length, await this.#settle("DeleteMessageBatch", { Entries: entries }, signal));
  }

  async changeVisibility(changes: readonly VisibilityChange[], signal: AbortSignal): Promise<EntryResult[]> {
    const entries = changes.map(({ handle, seconds }, index) => ({
      Id: String(index),
      ReceiptHandle: handle,
      // SQS takes whole seconds, and refuses the whole batch over a fraction.
      VisibilityTimeout: Math.ceil(seconds),
    }));
    return entryResults(
      changes.length,
      await this.#settle("ChangeMessageVisibilityBatch", { Entries: entries }, signal),
    );
  }

  /** What the queue says of itself. Rejects with a QueueError. */
  async attributes(signal: AbortSignal): Promise<QueueAttributes> {
    const answer = await this.#settle("GetQueueAttributes", { AttributeNames: ["All"] }, signal);
    return attributesOf((answer.Attributes ?? {}) as Record<string, string>, this.#options.queueUrl);
  }

  /** The queue's approximate counts, for metrics. Rejects with a QueueError. */
  async counts(signal: AbortSignal): Promise<QueueCounts> {
    const answer = await this.#settle("GetQueueAttributes", { AttributeNames: COUNT_ATTRIBUTES }, signal);
    return countsOf((answer.Attributes ?? {}) as Record<string, string>);
  }

  /** The URL of a queue that this one names, as its dead-letter queue. Rejects with a QueueError. */
  async urlOf(arn: string, signal: AbortSignal): Promise<string> {
    const { account, name } = ownerOfArn(arn);
    const input = { QueueName: name, ...(account && { QueueOwnerAWSAccountId: account }) };
    return queueUrlIn(await this.#pools.call("settle", shortCall("GetQueueUrl", input, signal)));
  }

  /** Closes the sockets, open calls included. Harmless twice. */
  close(): void {
    this.#pools.close();
  }

  #settle(operation: string, input: object, signal: AbortSignal) {
    const call = shortCall(operation, { QueueUrl: this.#options.queueUrl, ...input }, signal);
    return this.#pools.call("settle", call);
  }

  readonly #odd = (detail: string, count: number) => this.#telemetry({ kind: "oddAnswer", detail, count });

  /** Shows messages again that came in an answer too broken to be read, since nobody here will work on them. */
  #releaseHandlesIn(text: string): void {
    const handles = handlesIn(text);
    if (handles.length > 0) this.#odd("messages of an answer cut short were released", handles.length);
    for (let at = 0; at < handles.length; at += BATCH_MAX) {
      const changes = handles.slice(at, at + BATCH_MAX).map((handle) => ({ handle, seconds: 0 }));
      this.changeVisibility(changes, AbortSignal.timeout(SETTLE_TIMEOUT_MS)).catch((error) =>
        this.#telemetry({ kind: "settleFailed", operation: "visibility", count: changes.length, error }),
      );
    }
  }
}

/** A short call that may be made twice without harm. */
function shortCall(operation: string, input: object, signal: AbortSignal): WireCall {
  return { operation, input, signal, timeoutMs: SETTLE_TIMEOUT_MS, repeatable: true };
}
