import { describe, expect, test } from "@jest/globals";
import { BlockSupply } from "../../../../src/pipeline/budget/block-supply.js";
import { Budget } from "../../../../src/pipeline/budget/budget.js";
import {
  type BlockEnd,
  type BlockRequest,
  BURST_MS,
  type BudgetTable,
} from "../../../../src/pipeline/ports/budget-table.js";
import { FakeClock } from "../../../support/fake-clock.js";

/** As DynamoDB's item does it, with as many calls. */
class MemoryBudgets implements BudgetTable {
  readonly #nextAt = new Map<string, number>();
  calls = 0;
  fails = false;

  async reserve({ budget, tokens, perSecond, now, aheadMs }: BlockRequest): Promise<BlockEnd> {
    this.calls++;
    if (this.fails) throw new Error("no route to host");
    const given = this.#nextAt.get(budget);
    const nextAt = given === undefined || given < now - BURST_MS ? now : given;
    if (nextAt > now + aheadMs) return { kind: "full", until: nextAt - aheadMs };
    this.#nextAt.set(budget, nextAt + (tokens / perSecond) * 1000);
    return { kind: "block", from: nextAt };
  }

  close(): void {}
}

function fleet(tasks: number) {
  const clock = new FakeClock();
  const table = new MemoryBudgets();
  const spec = { name: "model", amount: 50, perSeconds: 1 };
  const told: unknown[] = [];
  const budgets = Array.from({ length: tasks }, () => {
    const now = clock.monotonic();
    const parts = {
      spec,
      table,
      clock,
      tasks: () => tasks,
      onMore() {},
      onTable: (error: unknown) => void told.push(error),
    };
    const budget = new Budget("model", spec, now, new BlockSupply(parts));
    budget.share(tasks, now);
    return budget;
  });
  /** Each of them takes as often as it may; how often they did, all together. */
  const work = async (ms: number, at: readonly Budget[] = budgets) => {
    let takes = 0;
    for (let passed = 0; passed < ms; passed += 10) {
      for (const budget of at) {
        while (budget.startsInMs(1, clock.monotonic()) === 0) {
          budget.begin(1, clock.monotonic());
          budget.end(true);
          takes++;
        }
      }
      await clock.advance(10);
    }
    return takes;
  };
  return { clock, table, budgets, work, told };
}

describe("tokens in blocks from a table", () => {
  test("are all used, never more than the budget, with few calls", async () => {
    const { work, table } = fleet(3);
    await work(2_000);
    table.calls = 0;
    const took = await work(20_000);
    expect(took).toBeGreaterThanOrEqual(980);
    expect(took).toBeLessThanOrEqual(1_050);
    expect(table.calls / 20).toBeLessThanOrEqual(15);
  });

  test("go where the load is", async () => {
    const { work, budgets } = fleet(3);
    await work(5_000, budgets.slice(0, 1));
    const took = await work(20_000, budgets.slice(0, 1));
    expect(took).toBeGreaterThanOrEqual(950);
    expect(took).toBeLessThanOrEqual(1_050);
  });

  test("are fewer for all while the provider takes less", async () => {
    const { work, budgets, clock } = fleet(2);
    await work(5_000);
    for (let word = 0; word < 6; word++) {
      for (const budget of budgets) budget.pause(0, clock.monotonic());
      await work(600);
    }
    expect(await work(1_000)).toBeLessThanOrEqual(45);
    await work(10_000);
    expect(await work(10_000)).toBeGreaterThanOrEqual(490);
  });

  test("are the task's share while the table is down, which is told once", async () => {
    const { work, table, budgets, told, clock } = fleet(4);
    const answers = () => budgets[0]!.status(clock.monotonic()).tableAnswers;
    expect(answers()).toBe(true);
    table.fails = true;
    await work(3_000, budgets.slice(0, 1));
    const took = await work(20_000, budgets.slice(0, 1));
    expect(took).toBeGreaterThanOrEqual(245);
    expect(took).toBeLessThanOrEqual(265);
    expect(told).toHaveLength(1);
    expect(answers()).toBe(false);
    table.fails = false;
    await work(11_000, budgets.slice(0, 1));
    expect(told).toEqual([expect.any(Error), undefined]);
    expect(answers()).toBe(true);
  });

  test.each([3_600_000, -3_600_000])("are the task's share where a clock has jumped by %i ms", async (ms) => {
    const { work, told, clock } = fleet(3);
    await work(3_000);
    clock.jumpWall(ms);
    await work(2_000);
    clock.jumpWall(-ms);
    await work(2_000);
    const took = await work(20_000);
    expect(took).toBeGreaterThanOrEqual(950);
    expect(took).toBeLessThanOrEqual(1_100);
    expect(told[0]).toMatchObject({ message: expect.stringContaining("given out far ahead") });
  });

  test("that come back are a block at most", async () => {
    const { work, budgets, clock } = fleet(1);
    await work(3_000);
    const now = clock.monotonic();
    const [budget] = budgets;
    budget!.begin(40, now);
    budget!.end(true);
    await clock.advance(5_000);
    budget!.take(-40, clock.monotonic());
    budget!.take(-40, clock.monotonic());
    expect(await work(10)).toBeLessThanOrEqual(50 / 4 + 1);
  });
});
