import { describe, expect, test } from "@jest/globals";
import { Arrivals } from "../../../src/observe/arrivals.js";

describe("Arrivals", () => {
  test("are unknown until two readings can be compared", () => {
    const arrivals = new Arrivals();
    expect(arrivals.observe({ at: 0, onQueue: 500, ownGone: 0 }, 1)).toBeUndefined();
    expect(arrivals.observe({ at: 10_000, onQueue: 500, ownGone: 0 }, 1)).toBe(0);
  });

  test("are what the queue gained plus what the fleet took off it", () => {
    const arrivals = new Arrivals();
    arrivals.observe({ at: 0, onQueue: 100, ownGone: 20 }, 3);
    expect(arrivals.observe({ at: 10_000, onQueue: 50, ownGone: 120 }, 3)).toBe(25);
  });

  test("follow a step within two readings and calm a flicker", () => {
    const arrivals = new Arrivals();
    let onQueue = 0;
    const read = (second: number, came: number) => {
      onQueue += came;
      return arrivals.observe({ at: second * 1_000, onQueue, ownGone: 0 }, 1)!;
    };
    for (let second = 0; second <= 100; second += 10) read(second, 1_000);
    expect(read(110, 10_000)).toBeGreaterThan(600);
    expect(read(120, 10_000)).toBeGreaterThan(850);
    const calm = new Arrivals();
    const told: number[] = [];
    for (let each = 0; each < 200; each++) {
      const rate = calm.observe({ at: each * 10_000, onQueue: 1_000 + (each % 2 ? 50 : -50), ownGone: each * 100 }, 1);
      if (each > 20) told.push(rate!);
    }
    expect(Math.max(...told) - Math.min(...told)).toBeLessThan(0.6 * 20);
    expect(told.reduce((sum, rate) => sum + rate) / told.length).toBeCloseTo(10, 0);
  });

  test("are never below nought, though what is gone was counted late", () => {
    const arrivals = new Arrivals();
    arrivals.observe({ at: 0, onQueue: 1_000, ownGone: 0 }, 1);
    expect(arrivals.observe({ at: 10_000, onQueue: 200, ownGone: 0 }, 1)).toBe(0);
  });

  test("take no notice of two readings too close together", () => {
    const arrivals = new Arrivals();
    arrivals.observe({ at: 0, onQueue: 0, ownGone: 0 }, 1);
    arrivals.observe({ at: 10_000, onQueue: 100, ownGone: 0 }, 1);
    expect(arrivals.observe({ at: 10_050, onQueue: 150, ownGone: 0 }, 1)).toBe(10);
  });

  test("start anew after a pause: a mean over minutes is history", () => {
    const arrivals = new Arrivals();
    arrivals.observe({ at: 0, onQueue: 0, ownGone: 0 }, 1);
    arrivals.observe({ at: 10_000, onQueue: 100_000, ownGone: 0 }, 1);
    expect(arrivals.observe({ at: 600_000, onQueue: 100_000, ownGone: 0 }, 1)).toBeUndefined();
    expect(arrivals.observe({ at: 610_000, onQueue: 100_500, ownGone: 0 }, 1)).toBeCloseTo(50, 5);
  });
});
