import type { QueueError } from "../../pipeline/ports/queue.js";
import { neighbourUrl, type QueueAttributes } from "./queue-description.js";
import { SqsQueue, type SqsQueueOptions } from "./sqs-queue.js";

/** Tries of a question at the start, the first included, and the pause before the second. */
const TRIES = 3;
const PAUSE_MS = 200;

/**
 * The queue, with its attributes read and its dead-letter queue found by its RedrivePolicy unless one is given. A
 * role that may not ask costs a warning only. Rejects with a QueueError: `fatal` if the queue does not exist.
 */
export async function openQueue(
  options: SqsQueueOptions,
  signal: AbortSignal,
): Promise<{ readonly queue: SqsQueue; readonly attributes: QueueAttributes | undefined }> {
  const asked = new SqsQueue(options);
  const warn = (text: string, error: unknown) => options.telemetry?.({ kind: "warning", text, error });
  let attributes: QueueAttributes | undefined;
  try {
    attributes = await insistently(() => asked.attributes(signal), signal);
  } catch (error) {
    if (!isAccessDenied(error)) {
      asked.close();
      throw error;
    }
    warn("the queue's attributes may not be read: without DLQ_URL no dead-letter queue is known", error);
  }
  const arn = attributes?.deadLetterArn;
  if (options.deadLetterQueueUrl !== undefined || arn === undefined) return { queue: asked, attributes };
  let deadLetterQueueUrl: string | undefined;
  try {
    deadLetterQueueUrl = await insistently(() => asked.urlOf(arn, signal), signal);
  } catch (error) {
    deadLetterQueueUrl = neighbourUrl(options.queueUrl, arn);
    warn(`the URL of the dead-letter queue ${arn} was taken to be ${deadLetterQueueUrl}`, error);
  }
  asked.close();
  return { queue: new SqsQueue({ ...options, deadLetterQueueUrl, deadLetterQueueFound: true }), attributes };
}

/** Asks again what failed for a reason that passes: at the start there is no loop yet that would. */
async function insistently<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if ((error as QueueError).kind === "fatal" || attempt === TRIES || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** attempt * Math.random()));
    }
  }
}

function isAccessDenied(error: unknown): boolean {
  const { cause } = error as { cause?: { name?: string } };
  return /AccessDenied|NotAuthorized/.test(cause?.name ?? "");
}
