import { describe, expect, test } from "@jest/globals";
import { noisyLoad, parseLoad, traceLoad } from "../../../src/scaling/load.js";

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

  test.each([
    ["a gap", ["time,messages", "0,1", "60,1", "180,1"], "line 4: a gap of 120 s where intervals are 60 s"],
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
