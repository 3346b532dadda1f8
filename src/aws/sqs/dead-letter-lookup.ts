import { QueueError } from "../../pipeline/ports/queue.js";
import { attributesOf, COUNT_ATTRIBUTES, countsOf, neighbourUrl, ownerOfArn, queueUrlIn } from "./queue-description.js";
import type { SqsCalls } from "./sqs-calls.js";

/** A queue by its two names. */
export interface NamedQueue {
  readonly url: string;
  readonly arn: string | undefined;
}

/** Which dead letters are meant. One of the two has to be given. */
export interface Wanted {
  /** The queue whose dead letters are meant, or the dead-letter queue itself. */
  readonly queueUrl: string | undefined;
  /** Wins over the RedrivePolicy. */
  readonly deadLetterQueueUrl: string | undefined;
}

export interface FoundDeadLetters {
  readonly queue: NamedQueue;
  /** Where its messages came from; undefined where that isn't one queue. */
  readonly source: NamedQueue | undefined;
  /** Whether it serves other queues as well, as far as is known. */
  readonly shared: boolean;
  /** Approximate: visible, hidden and delayed. */
  readonly count: number;
}

/**
 * Finds the dead-letter queue: the one given, else that of the queue's RedrivePolicy, else the queue itself if it is
 * another's dead-letter queue. Rejects with a QueueError, of kind `malformed` when there is none.
 */
export async function findDeadLetters(
  calls: SqsCalls,
  { queueUrl, deadLetterQueueUrl }: Wanted,
  signal: AbortSignal,
): Promise<FoundDeadLetters> {
  const { url, source } = await locate(calls, queueUrl, deadLetterQueueUrl, signal);
  const [{ arn, counts }, sources] = await Promise.all([describe(calls, url, signal), sourcesOf(calls, url, signal)]);
  const count = counts.visible + counts.inFlight + counts.delayed;
  return { queue: { url, arn }, source, shared: sources !== undefined && sources.length > 1, count };
}

async function locate(
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
  if (sources === undefined) {
    // Whoever means the queue itself can say so, and a guess might empty the wrong one.
    throw new QueueError(
      "malformed",
      `${queueUrl} has no RedrivePolicy, so no dead-letter queue is known; whether it is one itself can't be asked here: if so, name it by --dlq-url`,
    );
  }
  if (sources.length > 0) return { url: queueUrl, source: await soleSource(calls, queueUrl, signal, sources) };
  throw new QueueError(
    "malformed",
    `${queueUrl} has no RedrivePolicy, and is no other queue's dead-letter queue; name the dead-letter queue by --dlq-url`,
  );
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
    return queueUrlIn(await calls.call("GetQueueUrl", input, signal));
  } catch (error) {
    const guess = neighbourUrl(queueUrl, arn);
    if (guess === undefined) throw error;
    return guess;
  }
}

/** The queues whose dead letters come here; undefined where nobody can be asked. */
async function sourcesOf(calls: SqsCalls, url: string, signal: AbortSignal): Promise<string[] | undefined> {
  try {
    const { queueUrls } = await calls.call("ListDeadLetterSourceQueues", { QueueUrl: url }, signal);
    return (queueUrls ?? []) as string[];
  } catch {
    // A role that may not ask, a server that doesn't know the question.
    return undefined;
  }
}

async function soleSource(
  calls: SqsCalls,
  url: string,
  signal: AbortSignal,
  known?: readonly string[],
): Promise<NamedQueue | undefined> {
  const sources = known ?? (await sourcesOf(calls, url, signal));
  if (sources?.length !== 1) return undefined;
  return { url: sources[0]!, arn: (await describe(calls, sources[0]!, signal)).arn };
}
