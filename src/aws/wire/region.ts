import type { HostKind } from "./aws-host.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** `eu-west-1`, `us-isob-east-1`, `eusc-de-east-1`. */
const REGION = "[a-z]{2,4}(?:-[a-z]+)+-\\d+";
/** `sqs.eu-west-1.amazonaws.com`, `vpce-1.sqs.eu-west-1.vpce.amazonaws.com`, `sqs.eu-west-1.localhost.localstack.cloud`. */
const CURRENT_HOST = new RegExp(`(?:^|\\.)sqs(?:-fips)?\\.(${REGION})\\.`);
/** `eu-west-1.queue.amazonaws.com`; us-east-1 alone has none in front. */
const LEGACY_HOST = new RegExp(`^(?:(${REGION})\\.)?queue\\.amazonaws\\.`);

/** The region in a queue URL's host, or undefined where the host is no SQS host. */
export function regionOfQueueUrl(queueUrl: string): string | undefined {
  const host = URL.parse(queueUrl)?.hostname ?? "";
  const legacy = LEGACY_HOST.exec(host);
  return CURRENT_HOST.exec(host)?.[1] ?? (legacy ? (legacy[1] ?? "us-east-1") : undefined);
}

/**
 * The region to sign for. An AWS host in the queue URL settles it: a signature for any other region is refused there.
 * Else AWS_REGION, AWS_DEFAULT_REGION, and us-east-1 for a custom endpoint, where servers don't look.
 * @returns undefined where it has to be found elsewhere (shared configuration files).
 */
export function regionOf(queueUrl: string, env: Environment, endpoint: string | undefined): string | undefined {
  const ofHost = regionOfQueueUrl(queueUrl);
  const ofEnvironment = env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined;
  if (endpoint === undefined) return ofHost ?? ofEnvironment;
  return ofEnvironment ?? ofHost ?? "us-east-1";
}

/** The endpoint that the environment sets for a service, if it sets one. */
export function endpointOf(env: Environment, service = "SQS"): string | undefined {
  if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === "true") return undefined;
  return env[`AWS_ENDPOINT_URL_${service}`] || env.AWS_ENDPOINT_URL || undefined;
}

/** Which of AWS's hosts the environment asks for. */
export function hostKindOf(env: Environment): HostKind {
  return { fips: env.AWS_USE_FIPS_ENDPOINT === "true", dualStack: env.AWS_USE_DUALSTACK_ENDPOINT === "true" };
}
