import { describe, expect, test } from "@jest/globals";
import { BudgetBoard } from "../../../src/console/budget-board.js";
import { budgetStatus } from "../../support/budget-status.js";

describe("the board of budgets", () => {
  test("has nothing where there is no budget", () => {
    const board = new BudgetBoard();
    board.tick(undefined);
    expect(board.view(undefined)).toBeUndefined();
    expect(board.view([])).toBeUndefined();
  });

  test("tells limit, use, runs at once, waits and pauses of a budget that was told", () => {
    const board = new BudgetBoard();
    const status = budgetStatus({ pausedSeconds: 2.5, pauses: 3, waiting: 4, longestWaitSeconds: 1.25 });
    board.tick([status]);
    expect(board.view([status])!.list).toEqual([
      {
        name: "openai",
        limit: { amount: 600, perSeconds: 60, atOnce: 8 },
        perSecond: 10,
        usedPerSecond: 5,
        usedShare: 0.5,
        usedOf: "share",
        taken: 100,
        running: 2,
        atOnce: 8,
        waiting: 4,
        longestWaitSeconds: 1.25,
        pausedSeconds: 2.5,
        pauses: 3,
        tasks: 1,
        pausedTasks: 1,
        lately: { used: [50], paused: [1] },
      },
    ]);
  });

  test("says that one was learned, and whether a table answers", () => {
    const learned = budgetStatus({ spec: undefined, atOnce: undefined, perSecond: 0.004567 });
    const [one] = new BudgetBoard().view([learned])!.list;
    expect(one).toMatchObject({ usedOf: "learned", perSecond: 0.004567 });
    expect(Object.keys(one!)).not.toEqual(expect.arrayContaining(["limit", "atOnce", "withoutTable"]));
    const byTable = (tableAnswers: boolean) => new BudgetBoard().view([budgetStatus({ tableAnswers })])!.list[0];
    expect(byTable(true)!.withoutTable).toBe(0);
    expect(byTable(false)!.withoutTable).toBe(1);
  });

  test("keeps and shows fifty at most, whatever names agents make up, and no name as it is", () => {
    const board = new BudgetBoard();
    const names = (from: number) =>
      Array.from({ length: 200 }, (_, n) => budgetStatus({ name: `learned-${from + n}`, spec: undefined }));
    for (let second = 0; second < 30; second++) board.tick(names(second * 200));
    const view = board.view([budgetStatus({ name: `a\u001b[31m${"x".repeat(5_000)}` }), ...names(0)])!;
    expect([view.list.length, view.leftOut]).toEqual([50, 151]);
    expect(view.list[0]!.name).not.toContain("\u001b");
    expect(view.list[0]!.name.length).toBeLessThan(400);
    expect(view.list.filter(({ lately }) => lately.used.length > 0)).toHaveLength(49);
    expect(board.view(names(5_000))!.list.every(({ lately }) => lately.used.length === 0)).toBe(true);
  });
});
