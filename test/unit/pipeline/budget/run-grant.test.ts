import { expect, test } from "@jest/globals";
import { Budget } from "../../../../src/pipeline/budget/budget.js";
import { Charges } from "../../../../src/pipeline/budget/charges.js";
import { RunGrant } from "../../../../src/pipeline/budget/run-grant.js";
import { FakeClock } from "../../../support/fake-clock.js";

const never = new AbortController().signal;

function setup() {
  const clock = new FakeClock();
  const budget = new Budget("tokens", { name: "tokens", amount: 600, perSeconds: 60 }, clock.monotonic());
  const order: string[] = [];
  const grant = () => new RunGrant(new Charges([]), { clock, find: () => budget, onMore: () => {} });
  return {
    clock,
    order,
    async take(run: string, amount: number) {
      await grant().take("tokens", amount, () => never);
      order.push(run);
    },
    /** Another run, which took so much: tells what it really was. */
    other(taken: number) {
      const run = grant();
      run.took({ tokens: taken });
      return (really: number) => run.took({ tokens: really });
    },
    share: (tasks: number) => budget.share(tasks, clock.monotonic()),
  };
}

test("runs that ask for more get it in the order in which they asked, however many ask after them", async () => {
  const { clock, order, take } = setup();
  void take("first", 20);
  await clock.advance(100);
  void take("second", 20);
  // One more, each second, would keep a budget of ten a second overdrawn for as long as they come.
  for (const late of ["a", "b", "c"]) {
    await clock.advance(500);
    void take(late, 20);
  }
  expect(order).toEqual([]);
  await clock.advance(500);
  expect(order).toEqual(["first"]);
  await clock.advance(2_000);
  expect(order).toEqual(["first", "second"]);
  await clock.advance(6_000);
  expect(order).toEqual(["first", "second", "a", "b", "c"]);
});

test("what runs before it give back shortens a wait, what those after it give back doesn't", async () => {
  const { clock, order, take, other } = setup();
  const before = other(50);
  void take("first", 30);
  const after = other(100);
  after(0);
  await clock.advance(3_000);
  expect(order).toEqual([]);
  before(0);
  await clock.advance(1_000);
  expect(order).toEqual(["first"]);
});

test("no run gives back what it hasn't taken", async () => {
  const { clock, order, take, other } = setup();
  const run = other(5);
  expect(() => run(-1_000)).toThrow("an amount of the budget tokens can't be below 0, got -1000");
  await take("generous", -1_000);
  void take("next", 10);
  void take("last", 1);
  await clock.advance(1_000);
  expect(order).toEqual(["generous"]);
  await clock.advance(600);
  expect(order).toEqual(["generous", "next", "last"]);
});

test("a wait is as long as the share that grows meanwhile makes it", async () => {
  const { clock, order, take, share } = setup();
  share(10);
  void take("first", 20);
  await clock.advance(1_000);
  share(1);
  await clock.advance(2_000);
  expect(order).toEqual(["first"]);
});
