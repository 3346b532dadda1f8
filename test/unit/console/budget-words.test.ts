import { expect, test } from "@jest/globals";
import { BudgetBoard } from "../../../src/console/budget-board.js";
import { budgetSummary } from "../../../src/console/budget-words.js";
import type { BudgetStatus } from "../../../src/pipeline/ports/budget.js";
import { budgetStatus } from "../../support/budget-status.js";

const summary = (...changes: Partial<BudgetStatus>[]) =>
  new BudgetBoard().view(changes.map((each) => budgetStatus(each)))!.summary;

test("the summary names the budget that messages wait for the longest, however many wait less for others", () => {
  expect(summary({})).toBe("No message waits for a budget.");
  expect(summary({ waiting: 34, longestWaitSeconds: 12.4 })).toBe(
    "openai is the limit: 34 messages wait for it, the longest for 12 s.",
  );
  expect(summary({ waiting: 1, longestWaitSeconds: 0.2 })).toBe(
    "openai spaces the runs: 1 message waits for it, for less than a second.",
  );
  expect(summary({ waiting: 70, longestWaitSeconds: 9 }, { name: "crm", waiting: 3, longestWaitSeconds: 125 })).toBe(
    "crm is the limit: 3 messages wait for it, the longest for 2 min 5 s. Messages wait for one more budget.",
  );
});

test("the summary tells of the queue, of which no more is fetched than budgets let start", () => {
  const view = new BudgetBoard().view([budgetStatus({ waiting: 1, longestWaitSeconds: 5 })], 1_444);
  expect(view!.summary).toBe("openai is the limit: 1 message waits for it, for 5 s; 1,444 more in the queue.");
});

test("the summary says where it is the runs at once that messages wait for", () => {
  const full = { waiting: 3, longestWaitSeconds: 2, running: 8, atOnce: 8 };
  const limit = "openai is the limit: 3 messages wait for it, the longest for 2 s.";
  expect(summary(full)).toBe(`${limit} All of its 8 runs at once are taken.`);
  expect(summary({ ...full, running: 7 })).toBe(limit);
  expect(summary({ ...full, running: 1, atOnce: 1 })).toBe(`${limit} Its only run at once is taken.`);
});

test("the summary says for how long a provider takes no call", () => {
  expect(summary({ pausedSeconds: 2.6 })).toBe(
    "No message waits for a budget. The provider of openai takes no call for 3 s more.",
  );
  expect(summary({ waiting: 5, longestWaitSeconds: 4, pausedSeconds: 0.4 })).toBe(
    "openai is the limit: 5 messages wait for it, the longest for 4 s. The provider of openai takes no call for 1 s more.",
  );
  const [budget] = new BudgetBoard().view([budgetStatus({ pausedSeconds: 3 })])!.list;
  expect(budgetSummary([{ ...budget!, tasks: 3, pausedTasks: 2, queueName: "mails" }])).toContain(
    "The provider of openai of mails takes no call of 2 of 3 tasks for 3 s more.",
  );
});
