import { awsHost } from "../wire/aws-host.js";
import { endpointOf, hostKindOf } from "../wire/region.js";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where DynamoDB is: AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, else AWS's host in the region, of the kind that
 * AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT ask for.
 * @param env variables by name, those included that a profile stands for.
 */
export function dynamoDbEndpoint(region: string, env: Environment): URL {
  return new URL(endpointOf(env, "DYNAMODB") ?? `https://${awsHost("dynamodb", region, hostKindOf(env))}`);
}
