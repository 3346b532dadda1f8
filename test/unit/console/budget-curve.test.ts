import { expect, test } from "@jest/globals";
import { BudgetCurve } from "../../../src/console/budget-curve.js";

test("a budget's curve has the mean of each ten seconds, and how many of them were a pause", () => {
  const curve = new BudgetCurve();
  for (let second = 0; second < 10; second++) curve.add(second < 5 ? 1 : 0.5, second >= 7);
  curve.add(0.2, false);
  expect(curve.view()).toEqual({ used: [75, 20], paused: [3, 0] });
});

test("a budget's curve keeps ten minutes, the step that isn't over included", () => {
  const curve = new BudgetCurve();
  for (let second = 0; second < 10_005; second++) curve.add(Math.floor(second / 10) / 1_000, false);
  const { used, paused } = curve.view();
  expect([used.length, paused.length]).toEqual([60, 60]);
  expect([used[0], used.at(-1)]).toEqual([94, 100]);
});
