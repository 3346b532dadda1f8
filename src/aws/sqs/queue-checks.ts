import { GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type Answer, answerOf, CALL_TIMEOUT_MS, MAX_ATTEMPTS } from "../wire/answer.js";
import type { Trial } from "../wire/trial.js";
import { type QueueAttributes, queueAttributes } from "./queue-attributes.js";
import { neighbourUrl, ownerOfArn } from "./queue-description.js";
import { placeOf } from "./queue-place.js";
import { tryDeadLetterCopy, tryQueueCalls } from "./queue-trials.js";
import { makeSqsClient } from "./sqs-client.js";

/** Everything that AWS said about a queue and about what the caller may do. */
export interface QueueReport {
  /** A custom endpoint, if one is set. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** What the environment says, if it says another one. */
  readonly regionOfEnvironment: string | undefined;
  readonly credentials: Answer<{ readonly expiresAt: Date | undefined }>;
  readonly queue: Answer<QueueAttributes> | undefined;
  /** Undefined where there is none, or the queue didn't answer. */
  readonly deadLetterQueueUrl: string | undefined;
  /** Finding its URL, where the RedrivePolicy names it. */
  readonly deadLetterLookup: Answer<string> | undefined;
  readonly deadLetters: Answer<QueueAttributes> | undefined;
  readonly trials: readonly Trial[];
}

export interface Questions {
  readonly queueUrl: string;
  /** Wins over the RedrivePolicy. */
  readonly deadLetterQueueUrl: string | undefined;
  /** Calls of other services, tried beside the queue's own. */
  readonly beside: readonly OtherTrials[];
}

/** Tries what a worker does elsewhere in the queue's region. */
export type OtherTrials = (region: string | undefined, signal: AbortSignal) => Promise<Trial[]>;

/** Asks AWS about a queue, and tries what a worker does there without doing it. Never rejects. */
export async function examineQueue(questions: Questions): Promise<QueueReport> {
  const { queueUrl } = questions;
  const { custom: endpoint, region } = await placeOf(queueUrl);
  const client = await clientFor(queueUrl);
  try {
    const place = { endpoint, region, regionOfEnvironment: process.env.AWS_REGION || undefined };
    const credentials = await answerOf(async () => ({ expiresAt: (await client.config.credentials()).expiration }));
    const nothing = { queue: undefined, deadLetterQueueUrl: undefined, deadLetterLookup: undefined };
    if (!credentials.ok) return { ...place, ...nothing, credentials, deadLetters: undefined, trials: [] };

    const queue = await answerOf((signal) => queueAttributes(client, queueUrl, signal));
    // A queue that isn't there says nothing about permissions.
    if (!queue.ok && !queue.denied)
      return { ...place, ...nothing, credentials, queue, deadLetters: undefined, trials: [] };
    const [trials, ...beside] = await Promise.all([
      answerOf((signal) => tryQueueCalls(client, queueUrl, signal)),
      ...questions.beside.map((others) => answerOf((signal) => others(region, signal))),
    ]);
    const dead = await examineDeadLetters(client, questions, queue.ok ? queue.value : undefined);
    const all = [
      trials.ok ? trials.value : [],
      dead.trial ?? [],
      beside.map((others) => (others.ok ? others.value : [])),
    ].flat(2);
    return { ...place, credentials, queue, ...dead.report, trials: all };
  } finally {
    client.destroy();
  }
}

async function examineDeadLetters(client: SQSClient, questions: Questions, queue: QueueAttributes | undefined) {
  const arn = queue?.deadLetterArn;
  const given = questions.deadLetterQueueUrl;
  const lookup =
    given === undefined && arn !== undefined ? await answerOf((signal) => urlOf(client, arn, signal)) : undefined;
  const url = given ?? (lookup?.ok ? lookup.value : arn && neighbourUrl(questions.queueUrl, arn));
  if (url === undefined) {
    return { report: { deadLetterQueueUrl: undefined, deadLetterLookup: lookup, deadLetters: undefined } };
  }
  // One that SQS named is reached as the queue is; one that the settings name may be elsewhere.
  const own = given === undefined ? undefined : await clientFor(given);
  const [deadLetters, trial] = await Promise.all([
    answerOf((signal) => queueAttributes(own ?? client, url, signal)),
    answerOf((signal) => tryDeadLetterCopy(own ?? client, url, signal)),
  ]);
  own?.destroy();
  return {
    report: { deadLetterQueueUrl: url, deadLetterLookup: lookup, deadLetters },
    trial: trial.ok ? trial.value : undefined,
  };
}

function clientFor(queueUrl: string): Promise<SQSClient> {
  return makeSqsClient({ queueUrl, maxAttempts: MAX_ATTEMPTS, requestTimeoutMs: CALL_TIMEOUT_MS });
}

async function urlOf(client: SQSClient, arn: string, abortSignal: AbortSignal): Promise<string> {
  const { account, name } = ownerOfArn(arn);
  const command = new GetQueueUrlCommand({ QueueName: name, ...(account && { QueueOwnerAWSAccountId: account }) });
  return (await client.send(command, { abortSignal })).QueueUrl!;
}
