import { endpointOf } from "../wire/region.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a region's hosts end in, the second for both IP versions; by how the region begins. The last is of all others. */
const SUFFIXES: readonly (readonly [region: RegExp, suffix: string, dualStackSuffix: string])[] = [
  [/^cn-/, "amazonaws.com.cn", "api.amazonwebservices.com.cn"],
  [/^us-iso-/, "c2s.ic.gov", "api.aws.ic.gov"],
  [/^us-isob-/, "sc2s.sgov.gov", "api.aws.scloud"],
  [/^us-isof-/, "csp.hci.ic.gov", "api.aws.hci.ic.gov"],
  [/^eu-isoe-/, "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"],
  [/^eusc-/, "amazonaws.eu", "api.amazonwebservices.eu"],
  [/^/, "amazonaws.com", "api.aws"],
];

/**
 * Where DynamoDB is: AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, else AWS's host in the region, of the kind that
 * AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT ask for. Shared configuration files are not read for it.
 */
export function dynamoDbEndpoint(region: string, env: Environment): URL {
  const custom = endpointOf(env, "DYNAMODB");
  if (custom !== undefined) return new URL(custom);
  const [, suffix, dualStackSuffix] = SUFFIXES.find(([beginning]) => beginning.test(region))!;
  const dualStack = env.AWS_USE_DUALSTACK_ENDPOINT === "true";
  // The plain hosts of the government's regions are FIPS's own.
  const fips = env.AWS_USE_FIPS_ENDPOINT === "true" && (dualStack || !region.startsWith("us-gov-"));
  return new URL(`https://dynamodb${fips ? "-fips" : ""}.${region}.${dualStack ? dualStackSuffix : suffix}`);
}
