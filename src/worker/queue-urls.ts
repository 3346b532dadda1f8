import { lookUpQueueUrl, NoRegion } from "../aws/sqs/queue-lookup.js";
import type { SqsServer } from "../aws/sqs/sqs-calls.js";
import { ConfigError } from "../config/config.js";
import { QUEUE_SETTINGS, queueName } from "../config/queue-name.js";
import { QueueError } from "../pipeline/ports/queue.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** A server that says nothing by then says nothing. */
const LOOK_UP_MS = 30_000;

/**
 * The same variables, with the URL in place of a queue's name or ARN in SQS_QUEUE_URL and DLQ_URL: what a program does
 * before `loadConfig`, and `queuehand run` by itself.
 * @throws ConfigError where a name is given, and no region to look for it in. Rejects with a QueueError where SQS knows no
 * such queue, doesn't let it be asked for, or can't be reached.
 */
export async function withQueueUrls<Env extends Environment>(env: Env): Promise<Env> {
  const found: Record<string, string> = {};
  for (const setting of QUEUE_SETTINGS) {
    const value = env[setting];
    if (value) found[setting] = await queueUrl(value, setting);
  }
  return { ...env, ...found };
}

/**
 * The URL of a queue that is given by URL, name or ARN; what is none of these comes back as it is.
 * @param setting by which errors call it.
 */
export async function queueUrl(given: string, setting: string, server: SqsServer = {}): Promise<string> {
  const named = queueName(given);
  if (named === undefined) return given;
  try {
    return await lookUpQueueUrl(named, server, AbortSignal.timeout(LOOK_UP_MS));
  } catch (error) {
    if (error instanceof NoRegion) {
      throw new ConfigError([
        `${setting} names the queue "${given}", and no region to look for it in: ${error.message}`,
      ]);
    }
    if (!(error instanceof QueueError)) throw error;
    const advice = error.kind === "fatal" ? "; give its URL, or let sqs:GetQueueUrl be asked" : "";
    throw new QueueError(error.kind, `${setting}: the queue "${given}" can't be looked up: ${error.message}${advice}`, {
      cause: error,
    });
  }
}
