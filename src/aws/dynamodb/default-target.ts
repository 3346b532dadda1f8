import { defaultCredentials } from "../wire/credentials.js";
import { withProfile } from "../wire/profile.js";
import type { DynamoDbTarget } from "./dynamodb-calls.js";
import { dynamoDbEndpoint } from "./dynamodb-endpoint.js";

/**
 * How a worker and people's commands reach DynamoDB: by the SDK's chain of credentials, and by the files of its profiles
 * besides the environment. Apart from DynamoDB's own files, so that a function's bundle has none of the SDK in it.
 */
export function defaultTarget(region: string | undefined): DynamoDbTarget {
  return {
    region: region ?? regionOfProfile,
    endpoint: async (where) => dynamoDbEndpoint(where, await withProfile(process.env)).href,
    credentials: defaultCredentials,
  };
}

async function regionOfProfile(): Promise<string> {
  const { AWS_REGION: region } = await withProfile(process.env);
  if (!region) throw new Error("no region is known: set AWS_REGION");
  return region;
}
