/** Which of a service's hosts are asked for, by AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT. */
export interface HostKind {
  readonly fips: boolean;
  readonly dualStack: boolean;
}

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

/** AWS's host of a service in a region. A test holds it against the SDK's rules, in every partition that these know. */
export function awsHost(service: "dynamodb" | "sqs", region: string, kind: HostKind): string {
  const [, suffix, dualStackSuffix] = SUFFIXES.find(([beginning]) => beginning.test(region))!;
  // The plain hosts of the government's regions are FIPS's own.
  const fips = kind.fips && (kind.dualStack || !region.startsWith("us-gov-"));
  return `${service}${fips ? "-fips" : ""}.${region}.${kind.dualStack ? dualStackSuffix : suffix}`;
}
