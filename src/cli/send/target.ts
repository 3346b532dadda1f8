import type { SqsClientOptions } from "../../aws/sqs/sqs-client.js";
import { ConfigError } from "../../config/config.js";
import { queueName } from "../../config/queue-name.js";
import { maskedValue } from "../../text/masked.js";
import { queueUrl as urlOfQueue } from "../../worker/queue-urls.js";
import { devCredentials } from "../dev/credentials.js";
import { type DevState, findDevState } from "../dev/dev-state.js";
import { loadEnvironment } from "../environment.js";
import { lookedUp } from "../run-config.js";
import { checkWaysToAws } from "../ways-to-aws.js";

/**
 * Which queue is meant: what is typed, else SQS_QUEUE_URL, else the `dev` of this folder, with its own dummy credentials.
 * @param purpose what the queue is for, as the error says it that there is none.
 */
export async function findTarget(typed: string | undefined, purpose = "to send to"): Promise<SqsClientOptions> {
  const { variables } = await loadEnvironment(false);
  await checkWaysToAws(variables);
  const queueUrl = typed ?? (variables.SQS_QUEUE_URL || undefined);
  if (queueUrl !== undefined) return reach(queueUrl, typed === undefined ? "SQS_QUEUE_URL" : "--queue-url");
  const dev = await findDevState();
  if (dev) return { queueUrl: dev.queueUrl, ...accessTo(dev) };
  throw new ConfigError([
    `no queue ${purpose}: set SQS_QUEUE_URL, give --queue-url, or start \`queuehand dev\` in this folder`,
  ]);
}

/**
 * How to reach a queue that is given by its URL, its name or its ARN; those of the `dev` of this folder are known by name too.
 * @param setting by which errors call it.
 */
export async function reach(given: string, setting: string): Promise<SqsClientOptions> {
  if (isUrl(given)) return { queueUrl: given, ...(await devAccess(given)) };
  if (!isQueue(given)) {
    throw new ConfigError([`${setting} must be a queue's URL, name or ARN, got "${maskedValue(given)}"`]);
  }
  const dev = await findDevState();
  const ofDev = dev && [dev.queueUrl, deadLettersOf(dev.queueUrl)].some((url) => url.split("/").at(-1) === given);
  const server = ofDev ? accessTo(dev) : {};
  return { queueUrl: await lookedUp(urlOfQueue(given, setting, server)), ...server };
}

/** Whether a text can mean a queue. */
export function isQueue(given: string): boolean {
  return isUrl(given) || queueName(given) !== undefined;
}

const isUrl = (given: string) => /^https?:$/.test(URL.parse(given)?.protocol ?? "");
const deadLettersOf = (queueUrl: string) => queueUrl.replace(/(\.fifo)?$/, "-dlq$1");

/** How to reach a queue of the `dev` of this folder; undefined where the URL is that of another server. */
export async function devAccess(queueUrl: string) {
  const dev = await findDevState();
  return dev && URL.parse(queueUrl)?.host === new URL(dev.queueUrl).host ? accessTo(dev) : undefined;
}

function accessTo({ endpoint }: DevState) {
  return { endpoint, region: "us-east-1", credentials: devCredentials };
}
