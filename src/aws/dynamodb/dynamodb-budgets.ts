import { type BlockEnd, type BlockRequest, BURST_MS, type BudgetTable } from "../../pipeline/ports/budget-table.js";
import { TableError } from "../../pipeline/ports/idempotency.js";
import { ConditionalWrites, type Item } from "./conditional-writes.js";
import type { DynamoDbTarget } from "./dynamodb-calls.js";

const TRIES = 3;
/** What errors call it. */
export const BUDGETS_TABLE = "the budgets' table";

/**
 * Budgets in a DynamoDB table with the partition key `id`: an item `budget/NAME` for each, whose `nextAt` is the time up to
 * which its tokens are given out. A block is one conditional write; two where the budget was not used for half a second.
 */
export class DynamoDbBudgets implements BudgetTable {
  readonly #writes: ConditionalWrites;

  constructor(options: { readonly table: string } & DynamoDbTarget) {
    this.#writes = new ConditionalWrites(options.table, options, BUDGETS_TABLE);
  }

  async reserve(request: BlockRequest, signal: AbortSignal): Promise<BlockEnd> {
    const { tokens, perSecond, now, aheadMs } = request;
    const costMs = Math.ceil((tokens / perSecond) * 1000);
    const floor = now - BURST_MS;
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const { written, found } = await this.#append(request, costMs, floor, signal);
      if (written) return { kind: "block", from: nextAtOf(written) - costMs };
      const nextAt = nextAtOf(found);
      if (nextAt > now + aheadMs) return { kind: "full", until: nextAt - aheadMs };
      const begun = await this.#begin(request, costMs, floor, signal);
      if (begun.written) return { kind: "block", from: now };
    }
    throw new TableError("down", `the budget ${request.budget}: others were faster ${TRIES} times`);
  }

  close(): void {
    this.#writes.close();
  }

  /** After what is given out already. */
  #append({ budget, now, aheadMs }: BlockRequest, costMs: number, floor: number, signal: AbortSignal) {
    const write = {
      UpdateExpression: "SET nextAt = nextAt + :cost",
      ConditionExpression: "attribute_exists(#id) AND nextAt >= :floor AND nextAt <= :ahead",
      ExpressionAttributeNames: { "#id": "id" },
      ExpressionAttributeValues: { ":cost": number(costMs), ":floor": number(floor), ":ahead": number(now + aheadMs) },
      ReturnValues: "UPDATED_NEW",
    } as const;
    return this.#writes.update("take from a budget", `budget/${budget}`, write, signal);
  }

  /** Anew: what nobody took for half a second is nobody's. */
  #begin({ budget, now }: BlockRequest, costMs: number, floor: number, signal: AbortSignal) {
    const write = {
      UpdateExpression: "SET nextAt = :next",
      ConditionExpression: "attribute_not_exists(#id) OR attribute_not_exists(nextAt) OR nextAt < :floor",
      ExpressionAttributeNames: { "#id": "id" },
      ExpressionAttributeValues: { ":next": number(now + costMs), ":floor": number(floor) },
      ReturnValues: "UPDATED_NEW",
    } as const;
    return this.#writes.update("begin a budget", `budget/${budget}`, write, signal);
  }
}

/** −∞ where the item has none. */
function nextAtOf({ nextAt }: Item): number {
  return nextAt?.N === undefined ? Number.NEGATIVE_INFINITY : Number(nextAt.N);
}

const number = (value: number) => ({ N: String(Math.round(value)) });
