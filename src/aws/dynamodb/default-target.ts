import { defaultCredentials } from "../wire/credentials.js";
import { regionOfSharedConfig } from "../wire/region.js";
import type { DynamoDbTarget } from "./dynamodb-calls.js";

/**
 * How a worker and people's commands reach DynamoDB: by the SDK's chain of credentials, and by its files where nothing else
 * names a region. Apart from DynamoDB's own files, so that a function's bundle has none of the SDK in it.
 */
export function defaultTarget(region: string | undefined): DynamoDbTarget {
  return { region: region ?? regionInFiles, credentials: defaultCredentials };
}

async function regionInFiles(): Promise<string> {
  const region = await regionOfSharedConfig();
  if (region === undefined) throw new Error("no region is known: set AWS_REGION");
  return region;
}
