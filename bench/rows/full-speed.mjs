import { sleep } from "../clock.mjs";
import { Runner } from "./runner.mjs";

const WINDOW_MS = 1000;
/** What the calls cost without a worker. */
const CALLS_ALONE = "node-http";

/**
 * Contestants on an endless queue: what a message costs when nothing waits. All contestants are started and warmed
 * up; then they run in turns of `windowMs`, `seconds` turns each, while the others are halted. Counts what the servers saw
 * deleted, and the CPU of each with all that it started, in its own turns. The figures beside those of the contestant
 * `reference`, and of the calls alone, are taken in each run.
 */
export async function fullSpeed(
  names,
  { slots, bodyBytes, seconds, reference = "bare", windowMs = WINDOW_MS },
  report,
) {
  const runners = [];
  const turns = new Map(names.map((name) => [name, []]));
  try {
    for (const name of names) {
      const terms = { CONCURRENCY: String(slots) };
      const runner = await Runner.start(name, { bodyBytes, terms }).catch((error) => report(name, error));
      if (runner) runners.push(runner);
    }
    for (let count = 0; count < seconds; count++) {
      for (const runner of runners) {
        const turn = await runner.turn(() => sleep(windowMs)).catch((error) => report(runner.name, error));
        if (turn) turns.get(runner.name).push(turn);
      }
    }
    const results = new Map(runners.map(({ name }) => [name, resultOf(turns.get(name))]));
    const beside = results.get(reference);
    const callsAlone = results.get(CALLS_ALONE);
    for (const [name, result] of results) {
      report(name, undefined, {
        ...result,
        cpuRatio: result.cpuMicros / beside?.cpuMicros,
        cpuOverMicros: result.cpuMicros - beside?.cpuMicros,
        speedRatio: result.perSecond / beside?.perSecond,
        callsRatio: result.cpuMicros / callsAlone?.cpuMicros,
      });
    }
  } finally {
    for (const runner of runners) await runner.end();
  }
}

function resultOf(turns) {
  const sum = (key) => turns.reduce((total, turn) => total + turn[key], 0);
  const deleted = sum("deleted");
  return {
    cpuMicros: (sum("cpu") * 1e6) / deleted,
    /** Thereof what processes used that it started and that have ended. */
    childrenMicros: (sum("childrenCpu") * 1e6) / deleted,
    perSecond: (deleted * 1000) / sum("ms"),
    callsPerMessage: sum("calls") / deleted,
    cores: (sum("cpu") * 1000) / sum("ms"),
    serverCores: (sum("serverCpu") * 1000) / sum("ms"),
    residentMb: Math.max(...turns.map(({ residentMb }) => residentMb)),
  };
}
