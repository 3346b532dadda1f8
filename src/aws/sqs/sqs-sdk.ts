import * as sdk from "@aws-sdk/client-sqs";
import type { WireTarget } from "../wire/json-wire.js";
import { type SdkClient, type SdkCommand, SdkTransport } from "../wire/sdk-transport.js";
import type { WireAttribute } from "../wire/wire-attributes.js";
import { sqsClientAt } from "./sqs-client.js";

/** The pipeline tries again, and knows the leases. */
const ATTEMPTS = 1;

/** Calls on SQS by the SDK's client. In a file of its own: the client is loaded with it. */
export async function sqsSdk({ endpoint, region, credentials }: WireTarget): Promise<SdkTransport> {
  const client = await sqsClientAt({ endpoint: endpoint.href, region, credentials }, ATTEMPTS);
  return new SdkTransport({ client: client as unknown as SdkClient, command });
}

const COMMANDS = sdk as unknown as Readonly<Record<string, new (input: object) => SdkCommand>>;

function command(operation: string, input: object): SdkCommand {
  const Command = COMMANDS[`${operation}Command`];
  if (!Command) throw new TypeError(`the SDK's client has no ${operation}`);
  return new Command(withBytes(input));
}

/** What carries message attributes in an input. */
interface Carrier {
  readonly MessageAttributes?: Readonly<Record<string, WireAttribute>>;
}

/** The input with binary attributes as bytes, which the SDK writes as base64 itself. */
function withBytes(input: object & { readonly Entries?: unknown }): object {
  const { Entries } = input;
  const { MessageAttributes } = input as Carrier;
  if (Array.isArray(Entries) && Entries.some((entry: Carrier) => entry.MessageAttributes)) {
    return { ...input, Entries: Entries.map(withBytes) };
  }
  if (!MessageAttributes) return input;
  const attributes = Object.entries(MessageAttributes).map(([name, { BinaryValue, ...rest }]) => [
    name,
    { ...rest, ...(BinaryValue !== undefined && { BinaryValue: Buffer.from(BinaryValue, "base64") }) },
  ]);
  return { ...input, MessageAttributes: Object.fromEntries(attributes) };
}
