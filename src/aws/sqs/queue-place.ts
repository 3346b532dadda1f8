import { awsHost, type HostKind } from "../wire/aws-host.js";
import { withProfile } from "../wire/profile.js";
import { endpointOf, hostKindOf, regionOf, regionOfQueueUrl } from "../wire/region.js";

/** Where the calls on a queue go. */
export interface QueuePlace {
  /** A custom endpoint, if one is set: it wins over the host in the queue's URL. */
  readonly custom: string | undefined;
  readonly endpoint: URL;
  /** To sign for; undefined where nothing names one. */
  readonly region: string | undefined;
}

export interface GivenPlace {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

/** Where a queue is reached, by what is given, then the environment and the profile, then its URL. */
export async function placeOf(queueUrl: string, given: GivenPlace = {}): Promise<QueuePlace> {
  const env = await withProfile(process.env);
  const custom = given.endpoint ?? endpointOf(env);
  const region = given.region ?? regionOf(queueUrl, env, custom);
  return { custom, region, endpoint: new URL(custom ?? hostOfKind(queueUrl, hostKindOf(env))) };
}

/**
 * The origin of a queue's URL. Where that is AWS's plain host, the switches choose among AWS's hosts; any other host was
 * chosen by whoever wrote the URL.
 */
function hostOfKind(queueUrl: string, kind: HostKind): string {
  const { origin, hostname, port } = new URL(queueUrl);
  const region = regionOfQueueUrl(queueUrl);
  if (region === undefined || port !== "" || !(kind.fips || kind.dualStack)) return origin;
  const plain = awsHost("sqs", region, { fips: false, dualStack: false });
  const isPlain = hostname === plain || /(^|\.)queue\.amazonaws\.[a-z.]+$/.test(hostname);
  return isPlain ? `https://${awsHost("sqs", region, kind)}` : origin;
}
