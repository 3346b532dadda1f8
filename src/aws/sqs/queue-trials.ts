import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { type Trial, trial } from "../wire/trial.js";

/** No receipt handle of any queue. */
const NO_HANDLE = "queuehand-doctor";
/** One more than SQS gives. */
const MORE_THAN_A_RECEIVE = 11;
/** Longer than SQS hides a message. */
const HIDDEN_TOO_LONG_SECONDS = 43_201;
/** Not of the alphabet of entry ids, so that SQS refuses the whole batch. */
const NO_ENTRY_ID = "not an id!";

/**
 * Makes each call that a worker makes on its queue, with a parameter that the service must refuse. A refusal of the
 * parameter says that the call got past the permission; nothing is received, hidden, deleted or sent.
 */
export async function tryQueueCalls(client: SQSClient, QueueUrl: string, signal: AbortSignal): Promise<Trial[]> {
  const options = { abortSignal: signal };
  const Id = "0";
  return Promise.all([
    trial("sqs:ReceiveMessage", "the queue", async () => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: MORE_THAN_A_RECEIVE,
          VisibilityTimeout: HIDDEN_TOO_LONG_SECONDS,
          WaitTimeSeconds: 0,
        }),
        options,
      );
      // A server that doesn't mind: show again what it gave.
      if (Messages.length > 0) await showAgain(client, QueueUrl, Messages, signal);
    }),
    trial("sqs:DeleteMessage", "the queue", async () => {
      const Entries = [{ Id, ReceiptHandle: NO_HANDLE }];
      throwFirst(await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }), options));
    }),
    trial("sqs:ChangeMessageVisibility", "the queue", async () => {
      const Entries = [{ Id, ReceiptHandle: NO_HANDLE, VisibilityTimeout: 0 }];
      throwFirst(await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }), options));
    }),
  ]);
}

/** The same for the copy of a rejected message to the dead-letter queue. */
export function tryDeadLetterCopy(client: SQSClient, QueueUrl: string, signal: AbortSignal): Promise<Trial> {
  const Entries = [{ Id: NO_ENTRY_ID, MessageBody: "queuehand doctor" }];
  return trial("sqs:SendMessage", "the dead-letter queue", () =>
    client.send(new SendMessageBatchCommand({ QueueUrl, Entries }), { abortSignal: signal }),
  );
}

/** Throws what the service said of the one entry of a batch. */
function throwFirst({ Failed }: { readonly Failed?: readonly BatchResultErrorEntry[] | undefined }): void {
  const failed = Failed?.[0];
  if (!failed) return;
  throw Object.assign(new Error(failed.Message), { name: failed.Code ?? "Unknown" });
}

async function showAgain(
  client: SQSClient,
  QueueUrl: string,
  messages: readonly Message[],
  abortSignal: AbortSignal,
): Promise<void> {
  const Entries = messages.slice(0, 10).map(({ ReceiptHandle }, index) => ({
    Id: String(index),
    ReceiptHandle,
    VisibilityTimeout: 0,
  }));
  await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }), { abortSignal });
}
