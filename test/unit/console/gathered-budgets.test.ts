import { expect, test } from "@jest/globals";
import type { Now } from "../../../src/console/api.js";
import { gatheredBudgets } from "../../../src/console/gathered-budgets.js";
import type { BudgetStatus } from "../../../src/pipeline/ports/budget.js";
import { budgetStatus } from "../../support/budget-status.js";
import { ConsoleBundle, STATUS } from "../../support/console-bundle.js";

/** What a worker's page says, with such budgets. */
function told(budgets: readonly BudgetStatus[], queueName = "tasks", startedAt = 0): Now {
  const { source } = new ConsoleBundle({ queueName, status: () => ({ ...STATUS, budgets }) });
  source.tick();
  return { ...source.now(0), startedAt };
}

test("a fleet's budget is used of its whole limit, by all its tasks together", () => {
  const share = { perSecond: 5, atOnce: 4 };
  const { list, summary } = gatheredBudgets([
    told([budgetStatus({ ...share, usedShare: 1, usedPerSecond: 5, running: 4, waiting: 3, longestWaitSeconds: 2 })]),
    told([
      budgetStatus({
        ...share,
        usedShare: 0.5,
        usedPerSecond: 2.5,
        running: 1,
        waiting: 2,
        longestWaitSeconds: 7,
        pausedSeconds: 4,
        pauses: 2,
      }),
    ]),
  ])!;
  expect(list).toMatchObject([
    {
      name: "openai",
      limit: { amount: 600, perSeconds: 60, atOnce: 8 },
      perSecond: 10,
      usedPerSecond: 7.5,
      usedShare: 0.75,
      usedOf: "limit",
      taken: 200,
      running: 5,
      atOnce: 8,
      waiting: 5,
      longestWaitSeconds: 7,
      pausedSeconds: 4,
      pauses: 2,
      tasks: 2,
      pausedTasks: 1,
      lately: { used: [75], paused: [1] },
    },
  ]);
  expect(list[0]).not.toHaveProperty("queueName");
  expect(summary).toBe(
    "openai is the limit: 5 messages wait for it, the longest for 7 s. The provider of openai takes no call of 1 of 2 tasks for 4 s more.",
  );
});

test("budgets of one name on two queues are two, and what one task alone has learned is shown last", () => {
  const { list } = gatheredBudgets([
    told([budgetStatus({ name: "learned", spec: undefined, perSecond: 2, usedPerSecond: 1 }), budgetStatus()], "a"),
    told([budgetStatus()], "b"),
    told([], "b"),
  ])!;
  expect(
    list.map(({ name, queueName, tasks, usedOf, usedShare }) => [name, queueName, tasks, usedOf, usedShare]),
  ).toEqual([
    ["openai", "a", 1, "limit", 0.5],
    ["openai", "b", 1, "limit", 0.5],
    ["learned", "a", 1, "learned", 0.5],
  ]);
});

test("while a deployment changes a limit the newest task's counts; tasks that get no answer of the table are counted", () => {
  const spec = { name: "openai", amount: 30, perSeconds: 1 };
  const { list } = gatheredBudgets([
    told([budgetStatus({ spec, tableAnswers: false })], "tasks", 2_000),
    told([budgetStatus({ tableAnswers: true })], "tasks", 1_000),
  ])!;
  expect(list).toMatchObject([{ limit: { amount: 30, perSeconds: 1 }, withoutTable: 1, tasks: 2 }]);
});

test("workers that invent names without end are shown fifty of them", () => {
  const many = (from: number) =>
    told(Array.from({ length: 60 }, (_, n) => budgetStatus({ name: `n${from + n}`, spec: undefined })));
  const { list, leftOut } = gatheredBudgets([many(0), many(100), told([budgetStatus()])])!;
  expect([list.length, leftOut, list[0]!.name]).toEqual([50, 61, "openai"]);
  expect(gatheredBudgets([told([])])).toBeUndefined();
});
