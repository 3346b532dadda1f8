import { awsHost } from "../wire/aws-host.js";
import { withProfile } from "../wire/profile.js";
import { endpointOf, hostKindOf, regionOf } from "../wire/region.js";
import { queueUrlIn } from "./queue-description.js";
import { SqsCalls, type SqsServer } from "./sqs-calls.js";

export interface LookedUp {
  readonly name: string;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}

/** Nothing says where a queue of that name is to be looked for. */
export class NoRegion extends Error {
  override readonly name = "NoRegion";
}

/**
 * The URL of a queue by its name, as SQS says it.
 * @param queue its region wins over that of the environment.
 * @throws NoRegion where neither names one, and no endpoint is set. Rejects with a QueueError of kind `fatal` where there is
 * no such queue, or nobody may ask for it.
 */
export async function lookUpQueueUrl(queue: LookedUp, server: SqsServer, signal: AbortSignal): Promise<string> {
  const env = await withProfile(process.env);
  const custom = server.endpoint ?? endpointOf(env);
  const region = server.region ?? queue.region ?? regionOf("", env, custom);
  if (region === undefined) throw new NoRegion("set AWS_REGION");
  const host = custom ?? `https://${awsHost("sqs", region, hostKindOf(env))}`;
  const calls = await SqsCalls.open(host, { ...server, endpoint: host, region });
  try {
    const owner = queue.account && { QueueOwnerAWSAccountId: queue.account };
    return queueUrlIn(await calls.call("GetQueueUrl", { QueueName: queue.name, ...owner }, signal));
  } finally {
    calls.close();
  }
}
