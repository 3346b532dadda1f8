import { describe, expect, test } from "@jest/globals";
import { Histogram } from "../../../src/observe/histogram.js";

/** A bucket is a sixteenth of its lower bound wide. */
const WIDTH = 1 / 16;

function histogramOf(values: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** Numbers from a microsecond to weeks, the same in each run. */
function spread(count: number): number[] {
  let seed = 42;
  return Array.from({ length: count }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return 2 ** ((seed / 2_147_483_647) * 40 - 9.9);
  });
}

describe("Histogram", () => {
  test("counts and sums exactly what was recorded", () => {
    const values = spread(5_000);
    const histogram = histogramOf(values);
    expect(histogram.count).toBe(5_000);
    expect(histogram.sum).toBeCloseTo(
      values.reduce((sum, value) => sum + value),
      0,
    );
  });

  test("knows every quantile to within a bucket's width", () => {
    const values = spread(5_000);
    const histogram = histogramOf(values);
    const sorted = values.toSorted((a, b) => a - b);
    for (const quantile of [0, 0.01, 0.5, 0.95, 0.99, 0.999, 1]) {
      const exact = sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)]!;
      expect(Math.abs(histogram.quantile(quantile) / exact - 1)).toBeLessThan(WIDTH);
    }
  });

  test("gives a constant back as it is", () => {
    const histogram = histogramOf(Array(1_000).fill(3_000));
    expect(histogram.quantile(0.5)).toBe(3_000);
    expect(histogram.mean).toBe(3_000);
    expect(histogram.valuesAndCounts(150, 1 / 1000)).toEqual({ values: [3], counts: [1_000] });
  });

  test("is empty before the first value", () => {
    const histogram = new Histogram();
    expect([histogram.count, histogram.sum, histogram.mean, histogram.quantile(0.99)]).toEqual([0, 0, 0, 0]);
    expect(histogram.valuesAndCounts(150)).toEqual({ values: [], counts: [] });
  });

  test("counts what is no time at all as nought", () => {
    const histogram = histogramOf([-1, Number.NaN, 0, Number.NEGATIVE_INFINITY]);
    expect(histogram.count).toBe(4);
    expect(histogram.sum).toBe(0);
    expect(histogram.quantile(1)).toBe(0);
  });

  test("keeps what is beyond its range in its outer buckets, finite", () => {
    const histogram = histogramOf([1e-9, Number.POSITIVE_INFINITY, 1e300]);
    expect(histogram.count).toBe(3);
    expect(histogram.quantile(0)).toBeLessThan(0.001);
    expect(histogram.quantile(1)).toBeGreaterThan(2_000_000_000);
    expect(Number.isFinite(histogram.sum)).toBe(true);
  });

  test("squeezes any distribution into as many values as asked, its count and sum unchanged", () => {
    const histogram = histogramOf(spread(20_000));
    const { values, counts } = histogram.valuesAndCounts(150, 1 / 1000);
    expect(values.length).toBeLessThanOrEqual(150);
    expect(values.length).toBeGreaterThan(100);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(counts.reduce((sum, count) => sum + count)).toBe(20_000);
    const sum = values.reduce((total, value, index) => total + value * counts[index]!, 0);
    expect(sum / (histogram.sum / 1000)).toBeCloseTo(1, 9);
  });

  test("tells what came since a copy was taken, for several readers at once", () => {
    const histogram = histogramOf([10, 10, 5_000]);
    const first = histogram.copy();
    histogram.record(700);
    const second = histogram.copy();
    histogram.record(20);
    expect(histogram.since(first).valuesAndCounts(150)).toEqual({ values: [20, 700], counts: [1, 1] });
    expect(histogram.since(second).valuesAndCounts(150)).toEqual({ values: [20], counts: [1] });
  });

  test("merges another's values into its own", () => {
    const merged = histogramOf([1, 2]).merge(histogramOf([2, 400]));
    expect(merged.valuesAndCounts(150)).toEqual({ values: [1, 2, 400], counts: [1, 2, 1] });
  });

  test("counts up to a power of two exactly", () => {
    const histogram = histogramOf([0, 1, 3.9, 4.1, 63, 65]);
    expect([1, 4, 64, 128].map((bound) => histogram.countUpTo(bound))).toEqual([1, 3, 5, 6]);
  });
});
