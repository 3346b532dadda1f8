import { describe, expect, test } from "@jest/globals";
import { RecentTimes } from "../../../src/console/recent-times.js";
import { Histogram } from "../../../src/observe/histogram.js";

describe("RecentTimes", () => {
  test("knows nothing of nothing", () => {
    expect(new RecentTimes(new Histogram(), 0).quantiles()).toBeUndefined();
  });

  test("forgets what is longer ago than a minute and ten seconds", () => {
    const times = new Histogram();
    const recent = new RecentTimes(times, 0);
    times.record(8_000);
    for (let at = 1_000; at <= 59_000; at += 1_000) recent.tick(at);
    times.record(10);
    expect(recent.quantiles()!.p99).toBeCloseTo(8_000);
    for (let at = 60_000; at <= 80_000; at += 1_000) recent.tick(at);
    expect(recent.quantiles()!.p99).toBeCloseTo(10);
    for (let at = 81_000; at <= 200_000; at += 1_000) recent.tick(at);
    expect(recent.quantiles()).toBeUndefined();
    expect(times.count).toBe(2);
  });
});
