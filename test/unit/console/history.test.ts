import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { History } from "../../../src/console/history.js";
import { ConsoleBundle } from "../../support/console-bundle.js";

const none = () => ({});

describe("the history", () => {
  test("keeps an hour by the second, the oldest first, and what wasn't known as null", () => {
    const history = new History();
    for (let second = 1; second <= 4_000; second++) {
      history.add(second * 1_000, { done: second, waiting: second % 2 ? second : undefined }, none);
    }
    const { at, series, stepSeconds } = history.view("hour");
    expect([at.length, at[0], at.at(-1), stepSeconds]).toEqual([3_600, 401_000, 4_000_000, 1]);
    expect(series.waiting.slice(0, 3)).toEqual([401, null, 403]);
    expect(history.newest()).toMatchObject({ at: 4_000_000, values: { done: 4_000, waiting: null } });
  });

  test("keeps a day by the minute: sums of what happened, peaks of what waited", () => {
    const history = new History();
    for (let second = 1; second <= 90_000; second++) {
      const inMinute = (second - 1) % 60;
      history.add(second * 1_000, { done: 2, waiting: inMinute === 30 ? 500 : 1, tasks: inMinute }, () => ({
        agentP50: 7,
      }));
    }
    const { at, series } = history.view("day");
    expect([at.length, at.at(-1)! - at[0]!]).toEqual([1_440, 1_439 * 60_000]);
    expect([series.done.at(-1), series.waiting.at(-1), series.tasks.at(-1), series.agentP50.at(-1)]).toEqual([
      120, 500, 59, 7,
    ]);
  });
});

/** Bytes in use, after what nobody holds was given back. */
function bytesInUse(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

describe("all that the page keeps", () => {
  test("takes less than 30 MB after a day of messages, failures, notes and bodies", async () => {
    const before = bytesInUse();
    const bundle = new ConsoleBundle();
    const { clock, source, tell } = bundle;
    const padding = "a body of some length, and notes and errors that are no shorter ".repeat(60);
    for (let second = 0; second < 86_400; second++) {
      // A few thousand in a second of each hour, and some in others: all that differs is their number.
      const messages = second % 3_600 === 0 ? 3_000 : second % 10 === 0 ? 4 : 0;
      for (let n = 0; n < messages; n++) {
        const delivery = bundle.start({ id: `${second}-${n}`, body: `${second} ${padding}`, group: `g${second}` });
        tell({ kind: "progress", delivery, note: `${second} ${padding}` });
        const failed = n % 2 === 1;
        tell({ kind: "ended", delivery, outcome: failed ? "retry" : "done", agentMs: 3 });
        const cause = failed ? { cause: new Error(`${second % 7_000} ${padding.slice(second % 500)}`) } : {};
        tell({ kind: "settled", delivery, outcome: failed ? "retry" : "done", agentMs: 3, certain: true, ...cause });
      }
      await clock.advance(1_000);
      source.tick();
    }
    const used = (bytesInUse() - before) / 2 ** 20;
    expect(source.history("day").at).toHaveLength(1_440);
    expect(source.messages({}).kept).toBe(1_000);
    expect(used).toBeLessThan(30);
  }, 120_000);
});
