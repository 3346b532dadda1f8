import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DynamoDbBudgets } from "../../src/aws/dynamodb/dynamodb-budgets.js";

export interface BudgetsServer {
  readonly endpoint: string;
  createTable(name: string): Promise<void>;
  stop(): Promise<void>;
}

const never = new AbortController().signal;
const PER_SECOND = 1_000;
const BLOCKS = 20;
const TOKENS = 50;
const COST_MS = (TOKENS / PER_SECOND) * 1_000;
const NOW = Date.UTC(2026, 0, 1);
/** Nobody's blocks begin too far ahead. */
const FAR_MS = 3_600_000;

/**
 * What the table of budgets relies on, on a server that evaluates conditions itself.
 * @param tasks that ask at once: more than one where an update is atomic, as DynamoDB's are.
 */
export function budgetsContract(name: string, tasks: number, start: () => Promise<BudgetsServer>): void {
  describe(name, () => {
    let server: BudgetsServer;
    const tables: DynamoDbBudgets[] = [];
    const tableOf = (table = "budgets") => {
      const credentials = async () => ({ accessKeyId: "test", secretAccessKey: "test" });
      const made = new DynamoDbBudgets({ table, region: "us-east-1", endpoint: server.endpoint, credentials });
      tables.push(made);
      return made;
    };
    const ask = (table: DynamoDbBudgets, budget: string, now = NOW, aheadMs = FAR_MS) =>
      table.reserve({ budget, tokens: TOKENS, perSecond: PER_SECOND, now, aheadMs }, never);

    beforeAll(async () => {
      server = await start();
      await server.createTable("budgets");
    }, 180_000);
    afterAll(async () => {
      for (const table of tables) table.close();
      await server?.stop();
    });

    test("blocks of tasks that ask at once follow each other, without a gap", async () => {
      const first = tableOf();
      const begun = await ask(first, "crowded");
      const blocks = await Promise.all(
        Array.from({ length: tasks }, async () => {
          const table = tableOf();
          const own: number[] = [];
          for (let block = 0; block < BLOCKS; block++) {
            const end = await ask(table, "crowded");
            if (end.kind === "block") own.push(end.from);
          }
          return own;
        }),
      );
      const starts = blocks.flat().sort((a, b) => a - b);
      expect(starts).toHaveLength(tasks * BLOCKS);
      const from = begun.kind === "block" ? begun.from : Number.NaN;
      expect(starts).toEqual(starts.map((_, index) => from + (index + 1) * COST_MS));
    }, 60_000);

    test("none is given that would begin too far ahead, and time gives them again", async () => {
      const table = tableOf();
      const aheadMs = 4 * COST_MS;
      const ends = [];
      for (let block = 0; block < 40; block++) ends.push(await ask(table, "full", NOW, aheadMs));
      const full = ends.filter(({ kind }) => kind === "full");
      expect(full.length).toBeGreaterThan(0);
      expect(ends.slice(-full.length)).toEqual(full);
      expect(await ask(table, "full", NOW + 10 * COST_MS, aheadMs)).toMatchObject({ kind: "block" });
    }, 60_000);

    test("a budget that nobody used begins anew", async () => {
      const table = tableOf();
      await ask(table, "idle");
      expect(await ask(table, "idle", NOW + 60_000)).toEqual({ kind: "block", from: NOW + 60_000 });
    });

    test("a table that isn't there is told of", async () => {
      await expect(ask(tableOf("nobody-made-this"), "any")).rejects.toMatchObject({ name: "TableError" });
    });
  });
}
