import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { awsHost } from "../wire/aws-host.js";
import { regionOfQueueUrl } from "../wire/region.js";
import { isRefusal, type Trial, trial } from "../wire/trial.js";

/** No receipt handle of any queue. */
const NO_HANDLE = "queuehand-doctor";
/** One more than SQS takes or gives in one call. */
const MORE_THAN_A_CALL = 11;

/**
 * Makes each call that a worker makes on its queue, with a parameter that the service must refuse. A refusal of the
 * parameter says that the call got past the permission; nothing is received, hidden, deleted or sent. Other servers may
 * mind less than SQS does: the receive is tried only where another call, which can't do anything, showed that its like is
 * refused.
 */
export async function tryQueueCalls(client: SQSClient, QueueUrl: string, signal: AbortSignal): Promise<Trial[]> {
  const options = { abortSignal: signal };
  const Id = "0";
  return Promise.all([
    tryReceive(client, QueueUrl, signal),
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

/** The same for the copy of a rejected message to the dead-letter queue: a batch of none sends nothing on any server. */
export function tryDeadLetterCopy(client: SQSClient, QueueUrl: string, signal: AbortSignal): Promise<Trial> {
  return trial("sqs:SendMessage", "the dead-letter queue", () =>
    client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [] }), { abortSignal: signal }),
  );
}

async function tryReceive(client: SQSClient, QueueUrl: string, abortSignal: AbortSignal): Promise<Trial> {
  const action = "sqs:ReceiveMessage";
  const on = "the queue";
  if (!(isOfAws(await client.config.endpoint?.()) || (await countsEntries(client, QueueUrl, abortSignal)))) {
    const detail = `this server takes more than SQS does (batches of ${MORE_THAN_A_CALL}), so that it might give messages`;
    return { action, on, verdict: "untried", detail };
  }
  // Shown at once if they were given after all.
  const input = { QueueUrl, MaxNumberOfMessages: MORE_THAN_A_CALL, VisibilityTimeout: 0, WaitTimeSeconds: 0 };
  return trial(action, on, () => client.send(new ReceiveMessageCommand(input), { abortSignal }));
}

/** SQS itself refuses what it says it refuses. */
function isOfAws(endpoint: { readonly hostname: string } | undefined): boolean {
  const host = endpoint?.hostname ?? "";
  const region = regionOfQueueUrl(`https://${host}`);
  if (region === undefined) return false;
  const [plain, both] = [false, true].map((dualStack) => awsHost("sqs", region, { fips: false, dualStack }));
  const ending = (name: string) => name.slice(`sqs.${region}`.length);
  return host.endsWith(ending(plain!)) || host.endsWith(ending(both!));
}

/** Whether the server refuses a batch for its size; of entries without a message, which it could not do anything with. */
async function countsEntries(client: SQSClient, QueueUrl: string, abortSignal: AbortSignal): Promise<boolean> {
  const Entries = Array.from({ length: MORE_THAN_A_CALL }, (_, index) => ({
    Id: String(index),
    ReceiptHandle: `${NO_HANDLE}-${index}`,
  }));
  try {
    await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }), { abortSignal });
    return false;
  } catch (error) {
    return isRefusal((error as Error).name);
  }
}

/** Throws what the service said of the one entry of a batch. */
function throwFirst({ Failed }: { readonly Failed?: readonly BatchResultErrorEntry[] | undefined }): void {
  const failed = Failed?.[0];
  if (!failed) return;
  throw Object.assign(new Error(failed.Message), { name: failed.Code ?? "Unknown" });
}
