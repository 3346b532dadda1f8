import { Runner } from "./runner.mjs";

const STEPS = 10;
const STEP_MESSAGES = 100_000;

/** What a slower machine would make dearer, too. */
const REFERENCE = "node-http";

/**
 * A million messages to each contestant, in turns of a hundred thousand: what a message costs, and what the contestant
 * holds after each turn. Memory is the most of the second half and the most of the first, whose first turn doesn't count:
 * there the heap still finds its size. Of descriptors the second half's least counts, since connections come and go. The
 * CPU of the second half over that of the first is taken over the reference's.
 */
export async function million(names, report) {
  const runners = [];
  const steps = new Map(names.map((name) => [name, []]));
  try {
    for (const name of names) {
      const runner = await Runner.start(name, {}).catch((error) => report(name, error));
      if (runner) runners.push(runner);
    }
    for (let step = 0; step < STEPS; step++) {
      for (const runner of runners) {
        const turn = await runner
          .turn((deleted) => runner.until(deleted + STEP_MESSAGES))
          .catch((error) => report(runner.name, error));
        if (turn) steps.get(runner.name).push(turn);
      }
    }
    const results = new Map(runners.map(({ name }) => [name, resultOf(steps.get(name))]));
    const drift = results.get(REFERENCE)?.cpuGrowth;
    for (const [name, result] of results)
      report(name, undefined, { ...result, ownCpuGrowth: result.cpuGrowth / drift });
  } finally {
    for (const runner of runners) await runner.end();
  }
}

function resultOf(steps) {
  const cpuMicrosOf = (some) => (some.reduce((sum, { cpu }) => sum + cpu, 0) * 1e6) / messagesOf(some);
  const early = steps.slice(1, STEPS / 2);
  const late = steps.slice(STEPS / 2);
  const most = (some, field) => Math.max(...some.map((step) => step[field]));
  return {
    messages: messagesOf(steps),
    cpuMicros: cpuMicrosOf(steps),
    cpuGrowth: cpuMicrosOf(late) / cpuMicrosOf(early),
    earlyMb: most(early, "residentMb"),
    lateMb: most(late, "residentMb"),
    memoryGrowth: most(late, "residentMb") / most(early, "residentMb"),
    earlyDescriptors: most(early, "descriptors"),
    lateDescriptors: Math.min(...late.map(({ descriptors }) => descriptors)),
  };
}

const messagesOf = (steps) => steps.reduce((sum, { deleted }) => sum + deleted, 0);
