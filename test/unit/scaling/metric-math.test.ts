import { describe, expect, test } from "@jest/globals";
import { parseMetricMath } from "../../../src/scaling/metric-math.js";

const evaluate = (text: string, values: Record<string, number | undefined> = {}, time = 0) =>
  parseMetricMath(text).evaluate({ time, read: (id) => values[id] });

describe("metric math", () => {
  test("knows which operator binds tighter", () => {
    expect(evaluate("1 + 2 * 3 - 4 / 2")).toBe(5);
    expect(evaluate("(1 + 2) * 3")).toBe(9);
    expect(evaluate("8 - 4 - 2")).toBe(2);
    expect(evaluate("1 + 1 > 1 AND 2 < 1 OR 3 == 3")).toBe(1);
  });

  test("reads other queries by id, and is missing where they are", () => {
    expect(evaluate("m1 / (m1 + m2)", { m1: 1, m2: 3 })).toBe(0.25);
    expect(evaluate("m1 + m2", { m1: 1 })).toBeUndefined();
    expect(evaluate("FILL(m1, 0) + 1")).toBe(1);
    expect(evaluate("m1 / 0", { m1: 1 })).toBeUndefined();
  });

  test("takes turns by the clock, ten seconds each", () => {
    const turn = "IF(EPOCH(m) / 20 - FLOOR(EPOCH(m) / 20) < 0.5, m, 0)";
    expect([0, 10, 20, 30].map((time) => evaluate(turn, { m: 7 }, time))).toEqual([7, 0, 7, 0]);
  });

  test("names what it can't read", () => {
    expect(() => parseMetricMath("ANOMALY_DETECTION_BAND(m1)")).toThrow("ANOMALY_DETECTION_BAND is not simulated");
    expect(() => parseMetricMath("m1 +")).toThrow('expected a value, got "the end"');
    expect(() => parseMetricMath("(m1")).toThrow('expected ")"');
    expect(() => parseMetricMath("m1 ? 1")).toThrow('can\'t read "? 1"');
    expect(() => parseMetricMath("IF(m1, 1)")).toThrow("IF takes 3 arguments, got 2");
    expect(() => parseMetricMath("m1 m2")).toThrow('unexpected "m2"');
    expect(() => parseMetricMath("constructor(m1)")).toThrow("constructor is not simulated");
  });
});
