import { describe, expect, test } from "@jest/globals";
import { Waits } from "../../../src/scaling/waits.js";

describe("how long messages waited", () => {
  test("quantiles are right to within a bin, over five orders of magnitude", () => {
    const waits = new Waits();
    for (let n = 0; n < 1000; n++) waits.add(n);
    expect(waits.quantile(0.5)).toBeCloseTo(499, 1);
    expect(waits.quantile(0.99)).toBeCloseTo(989, 1);
    expect([waits.max, waits.mean, waits.count]).toEqual([999, 499.5, 1000]);
    for (let n = 0; n < 9000; n++) waits.add(60_000);
    expect(Math.abs(waits.quantile(0.5) - 60_000)).toBeLessThanOrEqual(10);
  });

  test("most messages waiting for nothing makes the median 0", () => {
    const waits = new Waits();
    for (let n = 0; n < 10; n++) waits.add(n < 6 ? 0 : 100);
    expect([waits.quantile(0.5), waits.quantile(0.9)]).toEqual([0, 100]);
  });

  test("is 0 without messages and exact at the end", () => {
    expect(new Waits().quantile(0.99)).toBe(0);
    const waits = new Waits();
    waits.add(5_000_000);
    expect(waits.quantile(0.99)).toBe(5_000_000);
  });
});
