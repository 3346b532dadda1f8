import { climateOf } from "./climate.js";
import { Fleet } from "./fleet.js";
import { judge } from "./judge.js";
import { scheduleOf } from "./schedule.js";
import { storyOf, storyOfFleet } from "./story.js";
import { Tally } from "./tally.js";
import type { Violation } from "./violation.js";

/** What CI's time is good for. */
const SEEDS = 1_000;
/** More stories of one kind than that nobody reads. */
const STORIES_OF_A_KIND = 3;

/** What many fleets did wrong: how often of which kind, the first seed of each, and some stories. */
export interface Verdict {
  readonly kinds: Readonly<Record<string, { readonly times: number; readonly seed: number }>>;
  readonly stories: readonly string[];
}

/**
 * Lives through the seeds of one kind of queue and judges each. `FLEET_SEEDS` says how many there are of both kinds
 * together (1,000); `FLEET_SEED` names one, whose story is printed.
 */
export async function liveThroughSeeds(fifo: boolean): Promise<Verdict> {
  const { FLEET_SEED, FLEET_SEEDS } = process.env;
  const seeds = FLEET_SEED
    ? [Number(FLEET_SEED)]
    : Array.from({ length: Number(FLEET_SEEDS ?? SEEDS) }, (_, n) => n + 1);
  const tally = new Tally();
  const kinds: Record<string, { times: number; seed: number }> = {};
  const stories: string[] = [];
  for (const seed of seeds) {
    const climate = climateOf(seed);
    if (climate.fifo !== fifo) continue;
    const remains = await new Fleet(climate).live(scheduleOf(climate));
    tally.add(remains);
    const violations: Violation[] = judge(remains);
    for (const violation of violations) {
      kinds[violation.kind] ??= { times: 0, seed };
      const times = ++kinds[violation.kind]!.times;
      if (FLEET_SEED || times <= STORIES_OF_A_KIND) stories.push(storyOf(remains, violation));
    }
    if (FLEET_SEED) process.stdout.write(`${storyOfFleet(remains)}\n`);
  }
  if (FLEET_SEED || FLEET_SEEDS) process.stdout.write(`${fifo ? "FIFO" : "standard"}: ${tally.text()}\n`);
  return { kinds, stories };
}
