import { TableError } from "../../pipeline/ports/idempotency.js";
import { refusalIn } from "../wire/both-failed.js";
import type { Refusal } from "../wire/refusal.js";
import { DynamoDbCalls, type DynamoDbTarget } from "./dynamodb-calls.js";

/** An attribute's value as DynamoDB's JSON has it: a string, or a number in digits. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
}

export type Item = Readonly<Record<string, AttributeValue>>;

/** What UpdateItem is to do, in DynamoDB's words. */
export interface ConditionalWrite {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues: Item;
  readonly ReturnValues?: "UPDATED_NEW";
}

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
 * comes with its refusal, so none needs a read before it.
 */
export class ConditionalWrites {
  readonly #table: string;
  readonly #what: string;
  readonly #calls: DynamoDbCalls;

  /** @param what the table is, as errors call it. */
  constructor(table: string, target: DynamoDbTarget, what = "the idempotency table") {
    this.#table = table;
    this.#what = what;
    this.#calls = new DynamoDbCalls(target);
  }

  /** A write whose condition can't hold: it takes the permission and the key's schema, and leaves nothing behind. */
  async check(signal: AbortSignal): Promise<void> {
    const write = {
      UpdateExpression: "SET #state = :never",
      ConditionExpression: "attribute_exists(id) AND #state = :never",
      ExpressionAttributeNames: { "#state": "state" },
      ExpressionAttributeValues: { ":never": { S: "never" } },
    };
    await this.update("check", "queuehand: is the table there?", write, signal);
  }

  /** Makes one: what was written, or what stood in its way. Rejects with a TableError that names `operation`. */
  async update(
    operation: string,
    id: string,
    write: ConditionalWrite,
    signal: AbortSignal,
  ): Promise<{ written?: Item; found: Item }> {
    const input = {
      TableName: this.#table,
      Key: { id: { S: id } },
      ...write,
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    };
    try {
      const { Attributes } = await this.#calls.call("UpdateItem", input, signal);
      return { written: itemOf(Attributes), found: {} };
    } catch (error) {
      const { name, message } = error as Error;
      const refusal = refusalIn(error);
      if (name === "ConditionalCheckFailedException") return { found: itemOf(refusal?.said.Item) };
      const text = `${operation} in ${this.#what} ${this.#table}: ${name}: ${message}`;
      throw new TableError(isUnusable(refusal) ? "unusable" : "down", text, { cause: error });
    }
  }

  close(): void {
    this.#calls.close();
  }
}

function itemOf(said: unknown): Item {
  return typeof said === "object" && said !== null ? (said as Item) : {};
}

/** A signature that came early or late is of a clock that jumped, and the next one is made by DynamoDB's. */
function isUnusable(refusal: Refusal | undefined): boolean {
  return refusal !== undefined && UNUSABLE.has(refusal.name) && !refusal.isForTime;
}
