import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { ProtectionError } from "../pipeline/task-guard.js";
import type { EcsTask } from "./ecs-task.js";
import type { EcsTaskGuard, ProtectionState } from "./task-protection.js";

/** Whether a call is permitted, as far as that can be found out without doing anything. */
export interface Trial {
  /** The action as an IAM policy names it. */
  readonly action: string;
  readonly on: string;
  readonly verdict: "permitted" | "denied" | "unknown";
  /** What the service said. */
  readonly detail: string;
}

/** No receipt handle of any queue. */
const NO_HANDLE = "queuehand-doctor";
/** One more than SQS gives. */
const MORE_THAN_A_RECEIVE = 11;
/** Longer than SQS hides a message. */
const HIDDEN_TOO_LONG_SECONDS = 43_201;
/** Not of the alphabet of entry ids, so that SQS refuses the whole batch. */
const NO_ENTRY_ID = "not an id!";
/** A name for where the task doesn't know its service: not found is an answer too. */
const NO_SERVICE = "queuehand-doctor";
/** One more than ECS protects a task for. */
const PROTECTED_TOO_LONG_MINUTES = 2_881;
/** Resolutions are 1 and 60. */
const NO_RESOLUTION = 7;

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

/** The same for publishing metrics. */
export async function tryMetrics(region: string | undefined, Namespace: string, signal: AbortSignal): Promise<Trial> {
  const client = new CloudWatchClient({ ...(region && { region }), maxAttempts: 2 });
  const StatisticValues = { SampleCount: 1, Sum: 1, Minimum: 1, Maximum: 1 };
  // A value and statistics contradict each other, besides the resolution that there is none of.
  const MetricData = [{ MetricName: "Doctor", Value: 1, StatisticValues, StorageResolution: NO_RESOLUTION }];
  try {
    return await trial("cloudwatch:PutMetricData", `namespace ${Namespace}`, () =>
      client.send(new PutMetricDataCommand({ Namespace, MetricData }), { abortSignal: signal }),
    );
  } finally {
    client.destroy();
  }
}

/** Asks for the own service, which is how a worker on ECS learns how many tasks there are. Reading it does no harm. */
export async function tryFleet({ cluster, serviceName }: EcsTask, signal: AbortSignal): Promise<Trial> {
  const { DescribeServicesCommand, ECSClient } = await import("@aws-sdk/client-ecs");
  const client = new ECSClient({ maxAttempts: 2 });
  const command = new DescribeServicesCommand({ cluster, services: [serviceName ?? NO_SERVICE] });
  try {
    return await trial("ecs:DescribeServices", "the own service", () => client.send(command, { abortSignal: signal }));
  } finally {
    client.destroy();
  }
}

/** Reads the task's protection, and asks for one that is too long to be had. */
export async function tryProtection(guard: EcsTaskGuard, signal: AbortSignal): Promise<Trial[]> {
  const on = "the own task";
  const before = await guard.state(signal).catch((error: unknown) => error);
  const read = () => (before instanceof Error ? Promise.reject(protectionFault(before)) : Promise.resolve());
  const change = async () => {
    try {
      await guard.protect(PROTECTED_TOO_LONG_MINUTES, signal);
    } catch (error) {
      throw protectionFault(error as Error);
    }
    // A server that doesn't mind: as it was.
    if (!(before instanceof Error) && !(before as ProtectionState).enabled) await guard.release(signal);
  };
  return [await trial("ecs:GetTaskProtection", on, read), await trial("ecs:UpdateTaskProtection", on, change)];
}

/** With the name of what the agent said, by which denials and refusals are told apart. */
function protectionFault(error: Error): Error {
  if (!(error instanceof ProtectionError)) return error;
  const name = /(\w+Exception|TASK_NOT_VALID)/.exec(error.message)?.[1] ?? error.trouble;
  return Object.assign(new Error(error.message), { name });
}

async function trial(action: string, on: string, call: () => Promise<unknown>): Promise<Trial> {
  try {
    await call();
    return { action, on, verdict: "permitted", detail: "answered" };
  } catch (error) {
    const { name, message } = error as Error;
    const verdict = isDenial(name) ? "denied" : isRefusal(name) ? "permitted" : "unknown";
    return { action, on, verdict, detail: `${name}: ${message}` };
  }
}

/** The names for "not with this parameter"; a queue that is gone or a throttled call says nothing about a permission. */
function isRefusal(name: string): boolean {
  return /Invalid(Parameter|AttributeValue|BatchEntryId|IdFormat|MessageContents)|ReceiptHandleIsInvalid|MessageNotInflight|ReadCountOutOfRange|Missing|Validation/.test(
    name,
  );
}

/** The names that SQS, CloudWatch and IAM give to "you may not"; a wrong key or signature is one too. */
export function isDenial(name: string): boolean {
  return /AccessDenied|NotAuthorized|UnrecognizedClient|InvalidClientTokenId|InvalidAccessKey|InvalidSecurity|Signature|MissingAuthenticationToken|ExpiredToken/.test(
    name,
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
