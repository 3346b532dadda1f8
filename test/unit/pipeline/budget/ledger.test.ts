import { describe, expect, test } from "@jest/globals";
import { Ledger } from "../../../../src/pipeline/budget/ledger.js";
import { FakeClock } from "../../../support/fake-clock.js";

const AHEAD_MS = 2_000;

function setup() {
  const clock = new FakeClock();
  const ledger = new Ledger({ clock, budgets: [{ name: "model", amount: 2, perSeconds: 1 }] });
  expect(ledger.declare({ model: 1 })).toEqual([]);
  const starts = (waiting = 0) => ledger.startsWithin(AHEAD_MS, () => waiting);
  return { clock, ledger, starts };
}

describe("what is fetched for budgets", () => {
  test("is what they let start soon", () => {
    const { ledger, starts } = setup();
    ledger.share(1);
    expect(starts()).toBe(4);
    expect(starts(3)).toBe(1);
    ledger.share(20);
    expect(starts()).toBe(0);
  });

  test("is one message where the number of tasks is a guess and this task holds nothing: by that it learns it", () => {
    const { ledger, starts, clock } = setup();
    for (const tasks of [Number.POSITIVE_INFINITY, 20]) {
      ledger.share(tasks, true);
      expect(starts()).toBe(1);
      expect(starts(1)).toBe(0);
    }
    ledger.share(20);
    expect(starts()).toBe(0);
    expect(clock.timers).toBe(0);
  });
});
