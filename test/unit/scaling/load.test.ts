import { describe, expect, test } from "@jest/globals";
import { type Load, noisyLoad, parseLoad, traceLoad } from "../../../src/scaling/load.js";
import type { Gaps } from "../../../src/scaling/trace.js";

const times = { at: 60, over: 300, period: 86_400, burst: 60 };
const load = (text: string) => parseLoad(text, times);

describe("a load's shape", () => {
  test("a step is at its second rate from its second on", () => {
    expect([59, 60].map((second) => load("step:100..10000").rateAt(second))).toEqual([100, 10_000]);
  });

  test("a ramp rises evenly and stays", () => {
    expect(load("ramp:100..10000").rateAt(0)).toBe(100);
    expect(load("ramp:100..10000").rateAt(210)).toBeCloseTo(5050, -2);
    expect(load("ramp:100..10000").rateAt(1000)).toBe(10_000);
  });

  test("a diurnal curve is lowest at its start and highest half a period later", () => {
    expect(load("diurnal:500..5000").rateAt(0)).toBe(500);
    expect(load("diurnal:500..5000").rateAt(43_200)).toBe(5000);
  });

  test("bursts come back every period and last as told", () => {
    const bursts = parseLoad("bursts:1..50", { ...times, period: 600 });
    expect([0, 60, 119, 120, 660, 720].map((second) => bursts.rateAt(second))).toEqual([1, 50, 50, 1, 50, 1]);
  });

  test("rates may be fractions", () => {
    expect(load("step:0.5..1.25").rateAt(99)).toBe(1.25);
    expect(load("constant:0.01").rateAt(0)).toBe(0.01);
  });

  test.each(["wave:1..2", "step:1", "step:1..x", "constant:-1", "constant:1..2", "step:1..9999999", ""])(
    "%p is refused with what was given",
    (text) => expect(() => load(text)).toThrow(`"${text}"`),
  );
});

describe("noise", () => {
  test("leaves the mean rate alone and is the same for the same seed", () => {
    const noisy = noisyLoad(load("constant:100"), 0.2, 7);
    const rates = Array.from({ length: 50_000 }, (_, second) => noisy.rateAt(second));
    expect(rates.reduce((sum, rate) => sum + rate) / rates.length).toBeCloseTo(100, -1);
    const again = noisyLoad(load("constant:100"), 0.2, 7);
    expect(again.rateAt(1234)).toBe(rates[1234]);
    expect(new Set(rates).size).toBeGreaterThan(40_000);
  });
});

describe("a recorded trace", () => {
  const trace = (...lines: string[]) => traceLoad("monday.csv", lines.join("\n"));
  const gaps = (how: Gaps, ...lines: string[]) => traceLoad("monday.csv", lines.join("\n"), how);
  const sum = (load: Load, seconds: number) =>
    Array.from({ length: seconds }, (_, second) => load.rateAt(second)).reduce((all, rate) => all + rate, 0);

  test("counts are spread over their interval, rates are taken as they are", () => {
    const counted = trace("time,messages", "0,600", "60,1200", "120,0");
    expect([0, 59, 60, 119, 120, 180].map((second) => counted.rateAt(second))).toEqual([10, 10, 20, 20, 0, 0]);
    expect(counted.seconds).toBe(180);
    expect(trace("time,rate", "0,5", "10,7").rateAt(12)).toBe(7);
  });

  test("times may be ISO 8601, quoted, with other columns beside", () => {
    const exported = trace(
      '"label","timestamp","messages"',
      '"Sent","2026-11-23T08:00:00Z","60"',
      '"Sent","2026-11-23T08:01:00Z",120',
    );
    expect([0, 60].map((second) => exported.rateAt(second))).toEqual([1, 2]);
  });

  test("keeps each count where intervals are stamped early or late, or begin between two seconds", () => {
    const late = trace("time,messages", "0.5,60", "61,120", "119.5,30");
    expect(sum(late, 200)).toBeCloseTo(60 + 120 + 30, 9);
    expect(sum(late, 60)).toBeCloseTo((60 * 60) / 60.5, 9);
    expect(sum(trace("time,messages", "0,3", "0.25,4", "0.5,0", "0.75,5"), 1)).toBeCloseTo(12, 9);
  });

  test("can be asked for any second, in any order", () => {
    const counted = trace("time,messages", "0,600", "60,1200");
    expect([500, 0, 119, 61, 0].map((second) => counted.rateAt(second))).toEqual([0, 10, 20, 20, 10]);
  });

  test("takes the step that is seen most for its interval, so that a gap may come first", () => {
    const sparse = ["time,messages", "0,60", "180,60", "240,60", "300,60"];
    expect(() => trace(...sparse)).toThrow("line 3: a gap of 180 s where intervals are 60 s: say --gaps zero");
    expect(sum(gaps("zero", ...sparse), 360)).toBeCloseTo(240, 9);
    expect(gaps("hold", ...sparse).rateAt(100)).toBe(1);
  });

  test("has no messages in a gap, or as many as before it, as asked", () => {
    const lines = ["time,messages", "0,60", "60,120", "240,60"];
    expect([0, 60, 120, 239, 240].map((second) => gaps("zero", ...lines).rateAt(second))).toEqual([1, 2, 0, 0, 1]);
    expect([0, 60, 120, 239, 240].map((second) => gaps("hold", ...lines).rateAt(second))).toEqual([1, 2, 2, 2, 1]);
    expect(gaps("zero", ...lines).seconds).toBe(300);
  });

  test("takes an empty cell for a gap", () => {
    const lines = ["time,messages", "0,60", "60,", "120,120"];
    expect(() => trace(...lines)).toThrow("line 3: messages has no value: say --gaps zero or --gaps hold");
    expect([59, 60].map((second) => gaps("zero", ...lines).rateAt(second))).toEqual([1, 0]);
    expect([59, 60].map((second) => gaps("hold", ...lines).rateAt(second))).toEqual([1, 1]);
    expect(() => gaps("hold", "time,rate", "0,", "60,1")).toThrow(
      "line 2: rate has no value, and there is none before",
    );
  });

  test.each([
    ["a gap", ["time,messages", "0,1", "60,1", "180,1"], "line 4: a gap of 120 s where intervals are 60 s"],
    [
      "an interval that is too short",
      ["time,messages", "0,1", "60,1", "61,1", "120,1", "180,1", "240,1"],
      "line 4: an interval of 1 s where intervals are 60 s",
    ],
    ["time running backwards", ["time,messages", "60,1", "0,1"], "line 3: time must rise"],
    ["time standing still", ["time,messages", "0,1", "0,1"], "line 3: time must rise"],
    [
      "a number that is none",
      ["time,messages", "0,1", "60,many"],
      'line 3: messages must be a number not below 0, got "many"',
    ],
    ["a count below 0", ["time,messages", "0,-1", "60,1"], "line 2: messages must be a number not below 0"],
    ["a time that is none", ["time,messages", "noon,1", "60,1"], "line 2: time must be"],
    ["a missing cell", ["time,messages", "0,1", "60"], "line 3: 2 columns are named and 1 given"],
    ["no header", ["0,1", "60,1"], "line 1: a trace needs a first line that names its columns"],
    ["one interval only", ["time,messages", "0,1"], "a trace needs at least two intervals"],
    ["an empty file", [""], "line 1: a trace needs a first line"],
  ])("%s is refused with its line", (_, lines, message) => {
    expect(() => trace(...lines)).toThrow(message);
    expect(() => trace(...lines)).toThrow("monday.csv");
  });
});
