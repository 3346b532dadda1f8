import type { SqsClientOptions } from "../../aws/sqs/sqs-client.js";
import { ConfigError } from "../../config/config.js";
import { maskedValue } from "../../text/masked.js";
import { devCredentials } from "../dev/credentials.js";
import { type DevState, findDevState } from "../dev/dev-state.js";
import { loadEnvironment } from "../environment.js";
import { checkWaysToAws } from "../ways-to-aws.js";

/**
 * Which queue is meant: what is typed, else SQS_QUEUE_URL, else the `dev` of this folder, with its own dummy credentials.
 * @param purpose what the queue is for, as the error says it that there is none.
 */
export async function findTarget(typed: string | undefined, purpose = "to send to"): Promise<SqsClientOptions> {
  const { variables } = await loadEnvironment(false);
  await checkWaysToAws(variables);
  const queueUrl = typed ?? (variables.SQS_QUEUE_URL || undefined);
  if (queueUrl !== undefined) {
    if (/^https?:$/.test(URL.parse(queueUrl)?.protocol ?? "")) return { queueUrl, ...(await devAccess(queueUrl)) };
    const name = typed === undefined ? "SQS_QUEUE_URL" : "--queue-url";
    throw new ConfigError([`${name} must be an http or https URL, got "${maskedValue(queueUrl)}"`]);
  }
  const dev = await findDevState();
  if (dev) return { queueUrl: dev.queueUrl, ...accessTo(dev) };
  throw new ConfigError([
    `no queue ${purpose}: set SQS_QUEUE_URL, give --queue-url, or start \`queuehand dev\` in this folder`,
  ]);
}

/** How to reach a queue of the `dev` of this folder; undefined where the URL is that of another server. */
export async function devAccess(queueUrl: string) {
  const dev = await findDevState();
  return dev && URL.parse(queueUrl)?.host === new URL(dev.queueUrl).host ? accessTo(dev) : undefined;
}

function accessTo({ endpoint }: DevState) {
  return { endpoint, region: "us-east-1", credentials: devCredentials };
}
