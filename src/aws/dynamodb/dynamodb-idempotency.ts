import {
  CLOCK_SKEW_MAX_MS,
  type Claim,
  type ClaimEnd,
  type ClaimRequest,
  type HoldEnd,
  type IdempotencyTable,
  TableError,
} from "../../pipeline/ports/idempotency.js";
import { type AttributeValue, ConditionalWrites, type Item } from "./conditional-writes.js";
import type { DynamoDbTarget } from "./dynamodb-calls.js";

/** Which table of keys is meant. */
export interface KeyTable {
  readonly table: string;
  /** How long a finished key is remembered, in seconds. */
  readonly keepSeconds: number;
}

export type DynamoDbIdempotencyOptions = KeyTable & DynamoDbTarget;

/** What is done to a claim's item, on conditions beyond that of its owner. */
interface Change {
  readonly operation: "renew" | "complete" | "release";
  readonly set: string;
  readonly when: readonly string[];
  readonly values: Item;
}

const NAMES = { "#state": "state", "#owner": "owner" };
const MINE = "#owner = :owner AND fence = :fence";

/**
 * The keys in a DynamoDB table with the partition key `id` (a string) and, as its TTL attribute, `expiresAt`. Each call
 * is one conditional write.
 */
export class DynamoDbIdempotency implements IdempotencyTable {
  readonly #writes: ConditionalWrites;
  readonly #keepSeconds: number;

  constructor(options: DynamoDbIdempotencyOptions) {
    this.#writes = new ConditionalWrites(options.table, options);
    this.#keepSeconds = options.keepSeconds;
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#writes.check(signal);
  }

  async claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimEnd> {
    const { key, owner, payloadHash, now, leaseMs } = request;
    const { written, found } = await this.#writes.update(
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
    // An answer without what was asked for decides nothing: a claim of the same owner is granted again.
    if ((written ? written.fence : found.payloadHash) === undefined)
      throw new TableError("down", "claim in the idempotency table: an answer without the key's item");
    if (written) return { kind: "claimed", fence: Number(written.fence?.N) };
    if (found.payloadHash?.S !== payloadHash) return { kind: "otherPayload" };
    if (found.state?.S === "finished") return { kind: "finished" };
    return { kind: "held", until: Number(found.leaseUntil?.N) + CLOCK_SKEW_MAX_MS };
  }

  renew(claim: Claim, until: number, signal: AbortSignal): Promise<HoldEnd> {
    const change: Change = {
      operation: "renew",
      // A run may last for longer than finished keys are kept.
      set: "leaseUntil = :until, expiresAt = :expires",
      // Nought is a claim that was given back.
      when: ["#state = :running", "leaseUntil BETWEEN :one AND :until"],
      values: {
        ":until": number(until),
        ":expires": this.#expiry(until),
        ":one": number(1),
        ":running": { S: "running" },
      },
    };
    const holds = ({ state, leaseUntil }: Item) => state?.S === "running" && Number(leaseUntil?.N) >= Math.floor(until);
    return this.#hold(claim, change, holds, signal);
  }

  complete(claim: Claim, now: number, signal: AbortSignal): Promise<HoldEnd> {
    const change: Change = {
      operation: "complete",
      set: "#state = :finished, expiresAt = :expires",
      when: [],
      values: { ":finished": { S: "finished" }, ":expires": this.#expiry(now) },
    };
    return this.#hold(claim, change, () => false, signal);
  }

  release(claim: Claim, signal: AbortSignal): Promise<HoldEnd> {
    const change: Change = {
      operation: "release",
      set: "leaseUntil = :zero",
      when: ["#state = :running"],
      values: { ":zero": number(0), ":running": { S: "running" } },
    };
    return this.#hold(claim, change, () => false, signal);
  }

  close(): void {
    this.#writes.close();
  }

  /** Changes an item that is still its caller's; `holds` tells of one whose owner it is whether nothing had to be done. */
  async #hold(
    { key, owner, fence }: Claim,
    { operation, set, when, values }: Change,
    holds: (found: Item) => boolean,
    signal: AbortSignal,
  ): Promise<HoldEnd> {
    const { written, found } = await this.#writes.update(
      operation,
      key,
      {
        UpdateExpression: `SET ${set}`,
        ConditionExpression: [MINE, ...when].join(" AND "),
        ExpressionAttributeNames: NAMES,
        ExpressionAttributeValues: { ":owner": { S: owner }, ":fence": number(fence), ...values },
      },
      signal,
    );
    const mine = found.owner?.S === owner && Number(found.fence?.N) === fence;
    if (written || (mine && holds(found))) return { kind: "held" };
    const state = found.state?.S;
    return { kind: "lost", to: state === undefined ? "gone" : state === "finished" ? "finished" : "running" };
  }

  #expiry(from: number): AttributeValue {
    return number(from / 1000 + this.#keepSeconds);
  }
}

const number = (value: number): AttributeValue => ({ N: String(Math.floor(value)) });
