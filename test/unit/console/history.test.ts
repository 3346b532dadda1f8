import { describe, expect, test } from "@jest/globals";
import { History } from "../../../src/console/history.js";

describe("History", () => {
  test("draws the growth of each second and has no rate before two samples", () => {
    const history = new History();
    expect(history.handledPerSecond).toBe(0);
    history.add(1_000, 0, 0, undefined);
    expect(history.handledPerSecond).toBe(0);
    history.add(2_000, 30, 4, 7);
    history.add(4_000, 50, 2, 0);
    expect(history.curves()).toEqual({ handledPerSecond: [0, 30, 10], busy: [0, 4, 2], waiting: [null, 7, 0] });
    expect(history.handledPerSecond).toBeCloseTo(50 / 3);
  });

  test("tells the rate of the last five seconds", () => {
    const history = new History();
    for (let second = 0; second <= 20; second++) history.add(second * 1_000, Math.max(0, second - 15) * 100, 0, 0);
    expect(history.handledPerSecond).toBe(100);
  });

  test("keeps three minutes", () => {
    const history = new History();
    for (let second = 0; second < 1_000; second++) history.add(second * 1_000, second, second, second);
    const { busy, waiting, handledPerSecond } = history.curves();
    expect([busy.length, waiting.length, handledPerSecond.length]).toEqual([180, 180, 180]);
    expect([busy[0], busy.at(-1)]).toEqual([820, 999]);
  });
});
