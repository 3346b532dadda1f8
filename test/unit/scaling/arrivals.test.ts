import { describe, expect, test } from "@jest/globals";
import { Arrivals } from "../../../src/scaling/arrivals.js";
import { type Load, traceLoad } from "../../../src/scaling/load.js";
import { Random } from "../../../src/scaling/random.js";

/** The moments of a load's messages, or of its groups of them. */
function momentsOf(load: Load, seconds: number, { seed = 1, grain = 1 } = {}): number[] {
  const arrivals = new Arrivals(load, new Random(seed), grain, seconds);
  const moments: number[] = [];
  for (; arrivals.next < seconds; arrivals.advance()) moments.push(arrivals.next);
  return moments;
}

const counts = (...each: number[]) =>
  traceLoad("counts.csv", `time,messages\n${each.map((count, at) => `${at * 3600},${count}`).join("\n")}`);

describe("the messages of a trace of counts", () => {
  test("come as many as were counted, each within its interval, whatever the seed", () => {
    const load = counts(1, 0, 7, 1000, 3);
    for (const seed of [1, 2, 3, 99]) {
      const moments = momentsOf(load, load.seconds, { seed });
      const seen = [0, 1, 2, 3, 4].map((hour) => moments.filter((at) => Math.floor(at / 3600) === hour).length);
      expect(seen).toEqual([1, 0, 7, 1000, 3]);
      expect(moments).toEqual(momentsOf(load, load.seconds));
    }
  });

  test("are spread evenly", () => {
    const moments = momentsOf(counts(2, 4), 7200);
    for (const [at, moment] of [900, 2700, 4050, 4950, 5850, 6750].entries())
      expect(moments[at]).toBeCloseTo(moment, 6);
  });

  test("come in as many groups as they fill", () => {
    expect(momentsOf(counts(100, 300), 7200, { grain: 20 })).toHaveLength(20);
  });

  test("lose none in a long trace of odd counts", () => {
    const each = Array.from({ length: 400 }, (_, at) => (at * 7919) % 1013);
    expect(momentsOf(counts(...each), 400 * 3600)).toHaveLength(each.reduce((sum, count) => sum + count));
  });
});

test("a rate is met by chance: another seed, other moments", () => {
  const rate = { name: "constant:1", rateAt: () => 1 };
  expect(momentsOf(rate, 600, { seed: 2 })).not.toEqual(momentsOf(rate, 600));
});
