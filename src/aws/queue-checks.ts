import { GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { readEcsTask } from "./ecs-task.js";
import { isDenial, type Trial, tryDeadLetterCopy, tryFleet, tryMetrics, tryQueueCalls } from "./harmless-calls.js";
import { type QueueAttributes, queueAttributes } from "./queue-attributes.js";
import { neighbourUrl, ownerOfArn } from "./queue-description.js";
import { endpointOf, regionOf } from "./region.js";
import { makeSqsClient } from "./sqs-client.js";

/** What a call gave, or why it gave nothing. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly denied: boolean; readonly detail: string };

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
  /** Where metrics are published to; undefined = nowhere. */
  readonly metricsNamespace: string | undefined;
}

/** A queue that doesn't answer by then doesn't answer. */
const CALL_TIMEOUT_MS = 8_000;
const MAX_ATTEMPTS = 2;

/** Asks AWS about a queue, and tries what a worker does there without doing it. Never rejects. */
export async function examineQueue(questions: Questions): Promise<QueueReport> {
  const { queueUrl } = questions;
  const endpoint = endpointOf(process.env);
  const region = regionOf(queueUrl, process.env, endpoint);
  const client = makeSqsClient({ queueUrl, maxAttempts: MAX_ATTEMPTS, requestTimeoutMs: CALL_TIMEOUT_MS });
  try {
    const place = { endpoint, region, regionOfEnvironment: process.env.AWS_REGION || undefined };
    const credentials = await answer(async () => ({ expiresAt: (await client.config.credentials()).expiration }));
    const nothing = { queue: undefined, deadLetterQueueUrl: undefined, deadLetterLookup: undefined };
    if (!credentials.ok) return { ...place, ...nothing, credentials, deadLetters: undefined, trials: [] };

    const queue = await answer((signal) => queueAttributes(client, queueUrl, signal));
    // A queue that isn't there says nothing about permissions.
    if (!queue.ok && !queue.denied)
      return { ...place, ...nothing, credentials, queue, deadLetters: undefined, trials: [] };
    const [trials, metrics, fleet] = await Promise.all([
      answer((signal) => tryQueueCalls(client, queueUrl, signal)),
      questions.metricsNamespace === undefined
        ? undefined
        : answer((signal) => tryMetrics(region, questions.metricsNamespace!, signal)),
      answer(async (signal) => {
        const task = await readEcsTask(process.env, signal);
        return task ? [await tryFleet(task, signal)] : [];
      }),
    ]);
    const dead = await examineDeadLetters(client, questions, queue.ok ? queue.value : undefined);
    const all = [
      trials.ok ? trials.value : [],
      dead.trial ?? [],
      metrics?.ok ? metrics.value : [],
      fleet.ok ? fleet.value : [],
    ].flat();
    return { ...place, credentials, queue, ...dead.report, trials: all };
  } finally {
    client.destroy();
  }
}

async function examineDeadLetters(client: SQSClient, questions: Questions, queue: QueueAttributes | undefined) {
  const arn = queue?.deadLetterArn;
  const given = questions.deadLetterQueueUrl;
  const lookup =
    given === undefined && arn !== undefined ? await answer((signal) => urlOf(client, arn, signal)) : undefined;
  const url = given ?? (lookup?.ok ? lookup.value : arn && neighbourUrl(questions.queueUrl, arn));
  if (url === undefined) {
    return { report: { deadLetterQueueUrl: undefined, deadLetterLookup: lookup, deadLetters: undefined } };
  }
  const [deadLetters, trial] = await Promise.all([
    answer((signal) => queueAttributes(client, url, signal)),
    answer((signal) => tryDeadLetterCopy(client, url, signal)),
  ]);
  return {
    report: { deadLetterQueueUrl: url, deadLetterLookup: lookup, deadLetters },
    trial: trial.ok ? trial.value : undefined,
  };
}

async function urlOf(client: SQSClient, arn: string, abortSignal: AbortSignal): Promise<string> {
  const { account, name } = ownerOfArn(arn);
  const command = new GetQueueUrlCommand({ QueueName: name, ...(account && { QueueOwnerAWSAccountId: account }) });
  return (await client.send(command, { abortSignal })).QueueUrl!;
}

/** The answer, or the reason for none: a refusal, an error, or silence (a hung credential endpoint heeds no signal). */
async function answer<Value>(call: (signal: AbortSignal) => Promise<Value>): Promise<Answer<Value>> {
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS * MAX_ATTEMPTS);
  const silence = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no answer in ${CALL_TIMEOUT_MS * MAX_ATTEMPTS} ms`)));
  });
  try {
    return { ok: true, value: await Promise.race([call(signal), silence]) };
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException;
    const detail = [name === "Error" || name === "AggregateError" ? code : name, message].filter(Boolean).join(": ");
    return { ok: false, denied: isDenial(name), detail };
  }
}
