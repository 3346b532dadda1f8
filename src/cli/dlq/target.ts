import { DeadLetters } from "../../aws/sqs/dead-letters.js";
import { ConfigError } from "../../config/config.js";
import { QueueError } from "../../pipeline/ports/queue.js";
import { printable } from "../../text/printable.js";
import type { Option, Typed } from "../command-line.js";
import { loadEnvironment } from "../environment.js";
import { ExitCode } from "../exit-code.js";
import { CommandError } from "../failure.js";
import { findTarget, reach } from "../send/target.js";
import { checkWaysToAws } from "../ways-to-aws.js";

/** The options that say which dead-letter queue is meant. */
export const TARGET_OPTIONS: readonly Option[] = [
  {
    name: "queue-url",
    value: "QUEUE",
    meaning:
      "the queue whose dead letters are meant, or, where the server can say that it is one, their queue itself; instead of SQS_QUEUE_URL",
  },
  {
    name: "dlq-url",
    value: "QUEUE",
    meaning: "the dead-letter queue; instead of DLQ_URL and of the queue's RedrivePolicy",
  },
];

export const TARGET_ABOUT =
  "The dead-letter queue is --dlq-url, else DLQ_URL, else the one in the RedrivePolicy of --queue-url, SQS_QUEUE_URL or the `queuehand dev` of this folder.";

export const TARGET_EXITS: readonly (readonly [string, string])[] = [
  ["64", "wrong command line"],
  ["69", "the queue is gone, forbidden, or can't be reached"],
  ["78", "no queue is named, it has no dead-letter queue, or AWS_ENDPOINT_URL or a proxy is no URL"],
];

/** A queue that doesn't answer by then doesn't answer. */
const OPEN_TIMEOUT_MS = 60_000;

/** Runs a command on the dead-letter queue that is meant. What SQS says against it becomes a CommandError. */
export async function withDeadLetters<Result>(
  typed: Typed,
  work: (letters: DeadLetters) => Promise<Result>,
): Promise<Result> {
  const where = await place(typed);
  let letters: DeadLetters | undefined;
  try {
    letters = await DeadLetters.open(where, AbortSignal.timeout(OPEN_TIMEOUT_MS));
    return await work(letters);
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    if (letters === undefined && error.kind === "malformed") throw new ConfigError([printable(error.message)]);
    throw new CommandError(printable(error.message), error.kind === "fatal" ? ExitCode.unavailable : ExitCode.failed);
  } finally {
    letters?.close();
  }
}

async function place(typed: Typed) {
  const { variables } = await loadEnvironment(false);
  await checkWaysToAws(variables);
  const typedQueue = typed.text("queue-url");
  const typedDeadLetters = typed.text("dlq-url");
  const ofEnvironment = variables.DLQ_URL || undefined;
  const other = typedQueue !== undefined && typedQueue !== variables.SQS_QUEUE_URL;
  // DLQ_URL belongs to SQS_QUEUE_URL: it says nothing about another queue.
  const named = typedDeadLetters ?? (other ? undefined : ofEnvironment);
  const dead = named === undefined ? undefined : await reach(named, typedDeadLetters ? "--dlq-url" : "DLQ_URL");
  const deadLetterQueueUrl = dead?.queueUrl;
  if (dead && typedQueue === undefined && !variables.SQS_QUEUE_URL) {
    return { ...dead, queueUrl: undefined, deadLetterQueueUrl };
  }
  const { queueUrl, endpoint, region, credentials } = await findTarget(typedQueue, "whose dead letters to look at");
  return { queueUrl, endpoint, region, credentials, deadLetterQueueUrl };
}
