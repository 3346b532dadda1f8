import { describe, expect, test } from "@jest/globals";
import { climateOf } from "../../../support/fleet/climate.js";
import { Fleet } from "../../../support/fleet/fleet.js";
import type { Remains } from "../../../support/fleet/remains.js";
import { scheduleOf } from "../../../support/fleet/schedule.js";

const SEEDS = Array.from({ length: 40 }, (_, n) => n + 1);

function live(seed: number): Promise<Remains> {
  const climate = climateOf(seed);
  return new Fleet(climate).live(scheduleOf(climate));
}

/** What an agent or a worker did, as against what the queue did for a request that was on its way. */
const DEEDS = /^(task-\d+) (starts|ends: (?!killed))/;

function* deedsOf({ ledger }: Remains) {
  for (const { story } of ledger.messages.values()) {
    for (const { at, text } of story) {
      const [, name] = DEEDS.exec(text) ?? [];
      if (name) yield { at, name, text };
    }
  }
}

describe("a simulated fleet", () => {
  test("lives the same life whenever its seed says so", async () => {
    for (const seed of [7, 8]) {
      const stories = [await live(seed), await live(seed)].map(({ ledger }) => [
        ledger.story,
        ...ledger.messages.values(),
      ]);
      expect(stories[1]).toEqual(stories[0]);
    }
  });

  test("has tasks that do nothing once they were killed, and nothing while they are frozen", async () => {
    let killed = 0;
    let frozen = 0;
    for (const seed of SEEDS) {
      const remains = await live(seed);
      const tasks = new Map(remains.tasks.map((task) => [task.name, task]));
      killed += remains.tasks.filter(({ killedAt }) => killedAt !== undefined).length;
      frozen += remains.tasks.filter(({ freezes }) => freezes.length > 0).length;
      const impossible = [...deedsOf(remains)].filter(({ at, name }) => {
        const { killedAt = Number.POSITIVE_INFINITY, freezes } = tasks.get(name)!;
        return at > killedAt || freezes.some(({ from, to }) => at > from && at < to);
      });
      expect({ seed, impossible }).toEqual({ seed, impossible: [] });
    }
    expect(Math.min(killed, frozen)).toBeGreaterThan(5);
  });

  test("leaves no task behind", async () => {
    for (const seed of SEEDS) {
      const { tasks } = await live(seed);
      const left = tasks.filter(({ exitedAt, killedAt }) => exitedAt === undefined && killedAt === undefined);
      expect({ seed, left: left.map(({ name }) => name) }).toEqual({ seed, left: [] });
    }
  });
});
