import type { AttributeValue, DynamoDBClient, UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { untilAborted } from "../pipeline/deadline.js";
import { TableError } from "../pipeline/idempotency.js";
import { type SdkTarget, sdkOptions } from "./sdk-options.js";

export type Item = Record<string, AttributeValue>;

/** DynamoDB answers in milliseconds; what is silent for longer is a dead socket. */
const PATIENCE = { attempts: 3, connectTimeoutMs: 1_000, requestTimeoutMs: 2_000 };

/** Trying again won't help: somebody has to change the table, its name, or our permissions. */
const UNUSABLE = new Set([
  "ResourceNotFoundException",
  "ValidationException",
  "AccessDeniedException",
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "IncompleteSignatureException",
  "MissingAuthenticationTokenException",
  "OptInRequired",
]);

/**
 * Conditional writes to the items of a DynamoDB table whose partition key is the string `id`. What stood in a write's way
 * comes with its refusal, so none needs a read before it. The SDK's client is imported with the first.
 */
export class ConditionalWrites {
  readonly #table: string;
  readonly #target: SdkTarget;
  #client: Promise<DynamoDBClient> | undefined;

  constructor(table: string, target: SdkTarget) {
    this.#table = table;
    this.#target = target;
  }

  /** Makes one: what was written, or what stood in its way. Rejects with a TableError that names `operation`. */
  async update(
    operation: string,
    id: string,
    input: Omit<UpdateItemCommandInput, "TableName" | "Key">,
    signal: AbortSignal,
  ): Promise<{ written?: Item; found: Item }> {
    try {
      const { UpdateItemCommand } = await import("@aws-sdk/client-dynamodb");
      this.#client ??= makeClient(this.#target);
      const command = new UpdateItemCommand({
        TableName: this.#table,
        Key: { id: { S: id } },
        ...input,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      const { Attributes = {} } = await untilAborted(
        (await this.#client).send(command, { abortSignal: signal }),
        signal,
      );
      return { written: Attributes, found: {} };
    } catch (error) {
      const { name, message } = error as Error;
      if (name === "ConditionalCheckFailedException") return { found: (error as { Item?: Item }).Item ?? {} };
      const text = `${operation} in the idempotency table ${this.#table}: ${name}: ${message}`;
      throw new TableError(UNUSABLE.has(name) ? "unusable" : "down", text, { cause: error });
    }
  }

  close(): void {
    void this.#client?.then(
      (client) => client.destroy(),
      () => {},
    );
  }
}

async function makeClient(target: SdkTarget): Promise<DynamoDBClient> {
  const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
  return new DynamoDBClient(sdkOptions(target, PATIENCE));
}
