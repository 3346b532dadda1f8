import { ChosenTransport } from "../wire/chosen-transport.js";
import { defaultCredentials } from "../wire/credentials.js";
import { withProfile } from "../wire/profile.js";
import type { TransportChoice } from "../wire/transport-choice.js";
import type { DynamoDbTarget } from "./dynamodb-calls.js";
import { dynamoDbEndpoint } from "./dynamodb-endpoint.js";

/** What stood in a write's way, which is what many of them ask. */
const isConditionNotMet = (name: string) => name === "ConditionalCheckFailedException";

/**
 * How a worker and people's commands reach DynamoDB: by the SDK's chain of credentials, and by the files of its profiles
 * besides the environment, on our own wire or by the SDK's client. Apart from DynamoDB's own files, so that a function's bundle has none of the SDK in it.
 */
export function defaultTarget(region: string | undefined, choice: TransportChoice): DynamoDbTarget {
  return {
    region: region ?? regionOfProfile,
    endpoint: async (where) => dynamoDbEndpoint(where, await withProfile(process.env)).href,
    credentials: defaultCredentials,
    transport: (wire, target) => {
      const sdk = async () => (await import("./dynamodb-sdk.js")).dynamoDbSdk(target);
      return new ChosenTransport({ choice, wire, sdk, isAnswer: isConditionNotMet });
    },
  };
}

async function regionOfProfile(): Promise<string> {
  const { AWS_REGION: region } = await withProfile(process.env);
  if (!region) throw new Error("no region is known: set AWS_REGION");
  return region;
}
