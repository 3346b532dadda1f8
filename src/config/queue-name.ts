/** A queue as people name it when they don't give its URL. */
export interface QueueName {
  readonly name: string;
  /** Of the queue's owner, where an ARN says it; else one's own. */
  readonly account: string | undefined;
  /** Where an ARN says it; else that of the environment. */
  readonly region: string | undefined;
}

const NAME = "(?=.{1,80}$)[A-Za-z0-9_-]+(?:\\.fifo)?";
const BARE = new RegExp(`^${NAME}$`);
const ARN = new RegExp(`^arn:aws[a-z-]*:sqs:([a-z0-9-]+):(\\d{12}):(${NAME})$`);

/** The queue that a name or an ARN means; undefined where the text is neither. */
export function queueName(text: string): QueueName | undefined {
  const [, region, account, name] = ARN.exec(text) ?? [];
  if (name !== undefined) return { name, account, region };
  return BARE.test(text) ? { name: text, account: undefined, region: undefined } : undefined;
}

/** The settings that name a queue. */
export const QUEUE_SETTINGS = ["SQS_QUEUE_URL", "DLQ_URL"] as const;

/** Whether one of them names its queue otherwise than by the URL, so that this has to be looked up. */
export function namesQueue(env: Readonly<Record<string, string | undefined>>): boolean {
  return QUEUE_SETTINGS.some((setting) => queueName(env[setting] ?? "") !== undefined);
}
