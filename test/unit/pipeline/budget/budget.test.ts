import { describe, expect, test } from "@jest/globals";
import { Budget } from "../../../../src/pipeline/budget/budget.js";
import { TokenBucket } from "../../../../src/pipeline/budget/token-bucket.js";

/** Takes as often as it may for so long, and says how often that was. */
function takesWithin(budget: Budget, fromMs: number, toMs: number, amount = 1): number {
  let takes = 0;
  for (let now = fromMs; now < toMs; now++) {
    while (budget.startsInMs(amount, now) === 0) {
      budget.begin(amount, now);
      budget.end(true);
      takes++;
    }
  }
  return takes;
}

describe("a bucket of tokens", () => {
  test("holds a second's worth, and in any time no more than that and the rate is taken", () => {
    const bucket = new TokenBucket(50, 0);
    expect(bucket.has(1, 0)).toBe(false);
    expect(bucket.inMs(1, 0)).toBeCloseTo(20);
    expect(bucket.has(50, 10_000)).toBe(true);
    bucket.take(50, 10_000);
    expect(bucket.has(1, 10_000)).toBe(false);
  });

  test("a slow one lets its first through at once", () => {
    const bucket = new TokenBucket(10 / 3600, 0);
    expect(bucket.has(1, 0)).toBe(true);
    bucket.take(1, 0);
    expect(bucket.inMs(1, 0)).toBeCloseTo(360_000);
  });

  test("what is more than it holds is taken when it is full, and paid back before the next", () => {
    const bucket = new TokenBucket(100, 0);
    expect(bucket.inMs(2_000, 0)).toBeCloseTo(1_000);
    bucket.take(2_000, 1_000);
    expect(bucket.inMs(1, 1_000)).toBeCloseTo(19_010);
  });
});

describe("a budget", () => {
  const spec = { name: "openai", amount: 600, perSeconds: 60 };

  test("is shared by the fleet's tasks, and the whole of it is used", () => {
    const alone = new Budget("openai", spec, 0);
    expect(takesWithin(alone, 0, 60_000)).toBeGreaterThanOrEqual(595);
    const one = new Budget("openai", spec, 0);
    one.share(3, 0);
    const took = takesWithin(one, 0, 60_000);
    expect(took).toBeGreaterThanOrEqual(198);
    expect(took).toBeLessThanOrEqual(200);
  });

  test("lets so many run at once, and none below one in each task", () => {
    const budget = new Budget("openai", { ...spec, atOnce: 8 }, 0);
    budget.share(3, 0);
    for (let n = 0; n < 2; n++) budget.begin(1, 60_000);
    expect(budget.startsInMs(1, 60_000)).toBe(Number.POSITIVE_INFINITY);
    budget.end(true);
    expect(budget.startsInMs(1, 60_000)).toBe(0);
    budget.share(20, 60_000);
    expect(budget.startsInMs(0, 60_000)).toBe(Number.POSITIVE_INFINITY);
  });

  test("loses no run at once to an estimate of the fleet's size that is a hair above a whole number", () => {
    const budget = new Budget("openai", { ...spec, atOnce: 8 }, 0);
    const atOnce = (tasks: number) => {
      budget.share(tasks, 0);
      return budget.status(0).atOnce;
    };
    expect([1, 1.0004, 1.2, 2, 2.02, 3].map(atOnce)).toEqual([8, 8, 6, 4, 4, 2]);
  });

  test("pauses when its provider says so, then goes on at less, and grows back", () => {
    const budget = new Budget("openai", spec, 0);
    takesWithin(budget, 0, 10_000);
    expect(budget.pause(2, 10_000)).toBe(2);
    expect(budget.startsInMs(1, 10_000)).toBeGreaterThanOrEqual(2_000);
    // Others that were under way are refused as well: one word.
    budget.pause(2, 10_050);
    expect(budget.status(10_050).perSecond).toBeCloseTo(9);
    expect(budget.status(10_050).pauses).toBe(1);
    expect(budget.status(13_050).perSecond).toBeCloseTo(9.5, 1);
    expect(budget.status(30_000).perSecond).toBe(10);
  });

  test("of a provider that names no time the pauses double until it takes a call", () => {
    const budget = new Budget("openai", spec, 0);
    expect(budget.pause(undefined, 0)).toBe(1);
    expect(budget.pause(undefined, 2_000)).toBe(2);
    expect(budget.pause(undefined, 5_000)).toBe(4);
    budget.begin(1, 10_000);
    budget.end(true);
    expect(budget.pause(undefined, 20_000)).toBe(1);
    // Refused with it.
    expect(budget.pause(undefined, 20_100)).toBe(1);
    expect(budget.status(20_100).pausedSeconds).toBe(1);
  });

  test("nobody's limit is learned from what its provider took before it refused", () => {
    const budget = new Budget("model", undefined, 0);
    expect(budget.status(0).perSecond).toBeUndefined();
    for (let now = 0; now < 2_000; now += 10) budget.begin(1, now);
    budget.pause(1, 2_000);
    const { perSecond } = budget.status(3_000);
    expect(perSecond).toBeGreaterThan(80);
    expect(perSecond).toBeLessThan(100);
  });

  test("that is learned grows no further than to twice of what is used", () => {
    const budget = new Budget("model", undefined, 0);
    budget.pause(1, 0, 20);
    expect(budget.status(600_000).perSecond).toBe(15);
    takesWithin(budget, 600_000, 660_000);
    expect(budget.status(660_000).perSecond).toBeGreaterThan(100);
    expect(budget.status(960_000).perSecond).toBe(15);
  });

  test("that is learned makes no wave after a pause", () => {
    const budget = new Budget("model", undefined, 0);
    budget.pause(1, 0, 20);
    const { perSecond } = budget.status(1_000);
    expect(perSecond).toBe(15);
    expect(takesWithin(budget, 1_000, 1_001)).toBeLessThanOrEqual(15 / 4);
  });
});
