import * as sdk from "@aws-sdk/client-dynamodb";
import type { WireTarget } from "../wire/json-wire.js";
import { sdkOptions } from "../wire/sdk-options.js";
import { type SdkClient, type SdkCommand, SdkTransport } from "../wire/sdk-transport.js";
import { CONNECT_TIMEOUT_MS } from "./dynamodb-calls.js";

/** DynamoDbCalls tries again, as it does on our own wire. */
const PATIENCE = { attempts: 1, connectTimeoutMs: CONNECT_TIMEOUT_MS };

/** Calls on DynamoDB by the SDK's client. In a file of its own: the client is loaded with it. */
export async function dynamoDbSdk({ endpoint, region, credentials }: WireTarget): Promise<SdkTransport> {
  const options = await sdkOptions({ endpoint: endpoint.href, region, credentials }, PATIENCE);
  const client = new sdk.DynamoDBClient(options);
  return new SdkTransport({ client: client as unknown as SdkClient, command });
}

const COMMANDS = sdk as unknown as Readonly<Record<string, new (input: object) => SdkCommand>>;

function command(operation: string, input: object): SdkCommand {
  const Command = COMMANDS[`${operation}Command`];
  if (!Command) throw new TypeError(`the SDK's client has no ${operation}`);
  return new Command(input);
}
