import { QueueError } from "../../pipeline/ports/queue.js";
import { textOf } from "../../pipeline/ports/thrown.js";

/** What a queue says of itself; undefined where it didn't. */
export interface QueueAttributes {
  readonly arn: string | undefined;
  readonly fifo: boolean;
  readonly visibilityTimeoutSeconds: number | undefined;
  readonly retentionSeconds: number | undefined;
  readonly delaySeconds: number | undefined;
  /** From the RedrivePolicy. */
  readonly maxReceiveCount: number | undefined;
  readonly deadLetterArn: string | undefined;
  readonly counts: QueueCounts;
}

/** Approximate counts: SQS says so, and means it. */
export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** The attributes that `countsOf` reads. */
export const COUNT_ATTRIBUTES = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
] as const;

type Given = Readonly<Record<string, string | undefined>>;

/** Reads the attributes as GetQueueAttributes gives them: names to strings. */
export function attributesOf(given: Given, queueUrl: string): QueueAttributes {
  const redrive = redrivePolicy(given.RedrivePolicy);
  return {
    arn: given.QueueArn,
    fifo: given.FifoQueue === "true" || queueUrl.endsWith(".fifo"),
    visibilityTimeoutSeconds: numberOf(given.VisibilityTimeout),
    retentionSeconds: numberOf(given.MessageRetentionPeriod),
    delaySeconds: numberOf(given.DelaySeconds),
    maxReceiveCount: receivesOf(redrive.maxReceiveCount),
    deadLetterArn: typeof redrive.deadLetterTargetArn === "string" ? redrive.deadLetterTargetArn : undefined,
    counts: countsOf(given),
  };
}

export function countsOf(given: Given): QueueCounts {
  const [visible = 0, inFlight = 0, delayed = 0] = COUNT_ATTRIBUTES.map((name) => numberOf(given[name]));
  return { visible, inFlight, delayed };
}

/** Name and owner in an ARN, as GetQueueUrl wants them. */
export function ownerOfArn(arn: string): { readonly account: string | undefined; readonly name: string | undefined } {
  const [, , , , account, name] = arn.split(":");
  return { account: account || undefined, name: name || undefined };
}

/** The URL in an answer of GetQueueUrl. @throws QueueError, `malformed`, where there is none. */
export function queueUrlIn({ QueueUrl }: Readonly<Record<string, unknown>>): string {
  if (typeof QueueUrl === "string" && /^https?:$/.test(URL.parse(QueueUrl)?.protocol ?? "")) return QueueUrl;
  throw new QueueError("malformed", `GetQueueUrl: an answer without a queue's URL, but ${textOf(QueueUrl)}`);
}

/**
 * The URL that a queue in the same region has, made of a neighbour's: for roles that may not ask. SQS puts account and
 * name at the end of every URL.
 */
export function neighbourUrl(queueUrl: string, arn: string): string | undefined {
  const { account, name } = ownerOfArn(arn);
  return account && name ? queueUrl.replace(/\/[^/]+\/[^/]+$/, `/${account}/${name}`) : undefined;
}

function redrivePolicy(text: string | undefined): Record<string, unknown> {
  try {
    return (JSON.parse(text ?? "{}") ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Of one that is none of SQS's, no message would have a receive left after its first. */
function receivesOf(value: unknown): number | undefined {
  const count = numberOf(value);
  return Number.isInteger(count) && count! >= 1 ? count : undefined;
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" || typeof value === "number" ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}
