import type { AttributeValue, DynamoDBClient, UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { untilAborted } from "../pipeline/deadline.js";
import {
  CLOCK_SKEW_MAX_MS,
  type Claim,
  type ClaimEnd,
  type ClaimRequest,
  type HoldEnd,
  type IdempotencyTable,
  TableError,
} from "../pipeline/idempotency.js";
import { type SdkTarget, sdkOptions } from "./sdk-options.js";
import { tableKey } from "./table-key.js";

export interface DynamoDbIdempotencyOptions extends SdkTarget {
  readonly table: string;
  /** How long a finished key is remembered, in seconds. */
  readonly keepSeconds: number;
}

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

const NAMES = { "#state": "state", "#owner": "owner" };
const MINE = "#owner = :owner AND fence = :fence";

/**
 * The keys in a DynamoDB table with the partition key `id` (a string) and, as its TTL attribute, `expiresAt`. Each call
 * is one conditional write; what stood in its way comes with the refusal, so none needs a read before it. The SDK's
 * client is imported with the first call.
 */
export class DynamoDbIdempotency implements IdempotencyTable {
  readonly #options: DynamoDbIdempotencyOptions;
  #client: Promise<DynamoDBClient> | undefined;

  constructor(options: DynamoDbIdempotencyOptions) {
    this.#options = options;
  }

  async check(signal: AbortSignal): Promise<void> {
    // A write whose condition can't hold: it takes the permission and the key's schema, and leaves nothing behind.
    await this.#update(
      "check",
      "queuehand: is the table there?",
      {
        UpdateExpression: "SET #state = :never",
        ConditionExpression: "attribute_exists(id) AND #state = :never",
        ExpressionAttributeNames: { "#state": "state" },
        ExpressionAttributeValues: { ":never": { S: "never" } },
      },
      signal,
    );
  }

  async claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimEnd> {
    const { key, owner, payloadHash, now, leaseMs } = request;
    const { written, found } = await this.#update(
      "claim",
      key,
      {
        UpdateExpression:
          "SET #state = :running, #owner = :owner, fence = if_not_exists(fence, :zero) + :one, leaseUntil = :until, payloadHash = :hash, expiresAt = :expires",
        // DynamoDB removes what has expired within days, not at once.
        ConditionExpression:
          "attribute_not_exists(id) OR (#state = :running AND (leaseUntil < :past OR #owner = :owner)) OR expiresAt < :seconds",
        ExpressionAttributeNames: NAMES,
        ExpressionAttributeValues: {
          ":running": { S: "running" },
          ":owner": { S: owner },
          ":zero": { N: "0" },
          ":one": { N: "1" },
          ":until": number(now + leaseMs),
          ":past": number(now - CLOCK_SKEW_MAX_MS),
          ":seconds": number(now / 1000),
          ":hash": { S: payloadHash },
          ":expires": this.#expiry(now + leaseMs),
        },
        ReturnValues: "UPDATED_NEW",
      },
      signal,
    );
    if (written) return { kind: "claimed", fence: Number(written.fence?.N) };
    if (found.payloadHash?.S !== payloadHash) return { kind: "otherPayload" };
    if (found.state?.S === "finished") return { kind: "finished" };
    return { kind: "held", until: Number(found.leaseUntil?.N) + CLOCK_SKEW_MAX_MS };
  }

  renew(claim: Claim, until: number, signal: AbortSignal): Promise<HoldEnd> {
    return this.#hold("renew", claim, { set: "leaseUntil = :until", values: { ":until": number(until) } }, signal);
  }

  complete(claim: Claim, now: number, signal: AbortSignal): Promise<HoldEnd> {
    const values = { ":finished": { S: "finished" }, ":expires": this.#expiry(now) };
    return this.#hold("complete", claim, { set: "#state = :finished, expiresAt = :expires", values }, signal);
  }

  release(claim: Claim, signal: AbortSignal): Promise<HoldEnd> {
    return this.#hold("release", claim, { set: "leaseUntil = :zero", values: { ":zero": { N: "0" } } }, signal);
  }

  close(): void {
    void this.#client?.then(
      (client) => client.destroy(),
      () => {},
    );
  }

  /** Changes an item that is still its caller's. A finished one is left as it is except by another `complete`. */
  async #hold(
    operation: "renew" | "complete" | "release",
    { key, owner, fence }: Claim,
    { set, values }: { set: string; values: Record<string, AttributeValue> },
    signal: AbortSignal,
  ): Promise<HoldEnd> {
    const unfinished = operation === "complete" ? "" : " AND #state = :running";
    const { written, found } = await this.#update(
      operation,
      key,
      {
        UpdateExpression: `SET ${set}`,
        ConditionExpression: MINE + unfinished,
        ExpressionAttributeNames: operation === "complete" || unfinished ? NAMES : { "#owner": "owner" },
        ExpressionAttributeValues: {
          ":owner": { S: owner },
          ":fence": number(fence),
          ...(unfinished && { ":running": { S: "running" } }),
          ...values,
        },
      },
      signal,
    );
    if (written) return { kind: "held" };
    const state = found.state?.S;
    return { kind: "lost", to: state === undefined ? "gone" : state === "finished" ? "finished" : "running" };
  }

  /** Makes one conditional write: what was written, or what stood in its way. Rejects with a TableError. */
  async #update(
    operation: string,
    key: string,
    input: Omit<UpdateItemCommandInput, "TableName" | "Key">,
    signal: AbortSignal,
  ): Promise<{ written?: Record<string, AttributeValue>; found: Record<string, AttributeValue> }> {
    try {
      const { UpdateItemCommand } = await import("@aws-sdk/client-dynamodb");
      this.#client ??= makeClient(this.#options);
      const command = new UpdateItemCommand({
        TableName: this.#options.table,
        Key: { id: { S: tableKey(key) } },
        ...input,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      const { Attributes = {} } = await untilAborted(
        (await this.#client).send(command, { abortSignal: signal }),
        signal,
      );
      return { written: Attributes, found: {} };
    } catch (error) {
      if (error instanceof Error && error.name === "ConditionalCheckFailedException") {
        return { found: (error as { Item?: Record<string, AttributeValue> }).Item ?? {} };
      }
      throw tableError(error, operation, this.#options.table);
    }
  }

  #expiry(from: number): AttributeValue {
    return number(from / 1000 + this.#options.keepSeconds);
  }
}

const number = (value: number): AttributeValue => ({ N: String(Math.floor(value)) });

function tableError(error: unknown, operation: string, table: string): TableError {
  const { name, message } = error as Error;
  const text = `${operation} in the idempotency table ${table}: ${name}: ${message}`;
  return new TableError(UNUSABLE.has(name) ? "unusable" : "down", text, { cause: error });
}

async function makeClient(options: DynamoDbIdempotencyOptions): Promise<DynamoDBClient> {
  const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
  return new DynamoDBClient(sdkOptions(options, PATIENCE));
}
