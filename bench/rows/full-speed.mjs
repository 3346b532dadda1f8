import { monotonicMs, sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";
import { cpuSeconds } from "../process-tree.mjs";

const WARM_UP_MS = 2000;
const WINDOW_MS = 1000;
/** After a halt, until timers that came due have fired. */
const RESUME_MS = 150;

/**
 * Contestants on an endless queue: what a message costs when nothing waits. All contestants are started and warmed
 * up; then they run in turns of `windowMs`, `seconds` turns each, while the others are halted (SIGSTOP). So a machine that
 * is slower for a while is slower for all of them. Counts what the servers saw deleted, and the CPU of each with all
 * that it started, in its own turns. The figures beside those of the contestant `reference` are taken in each run.
 */
export async function fullSpeed(names, { slots, seconds, reference = "bare", windowMs = WINDOW_MS }, report) {
  const runners = [];
  try {
    for (const name of names) {
      const runner = await Runner.start(name, slots).catch((error) => report(name, error));
      if (runner) runners.push(runner);
    }
    for (let turn = 0; turn < seconds; turn++) {
      for (const runner of runners) await runner.turn(windowMs).catch((error) => report(runner.name, error));
    }
    const [beside] = runners.filter(({ name }) => name === reference).map((runner) => runner.result());
    for (const runner of runners) {
      const result = runner.result();
      report(runner.name, undefined, {
        ...result,
        cpuRatio: result.cpuMicros / beside?.cpuMicros,
        cpuOverMicros: result.cpuMicros - beside?.cpuMicros,
        speedRatio: result.perSecond / beside?.perSecond,
      });
    }
  } finally {
    for (const runner of runners) await runner.end();
  }
}

/** One contestant on a server of its own, halted between its turns. */
class Runner {
  #contestant;
  #server;
  #control;
  #sum = { ms: 0, cpu: 0, serverCpu: 0, deleted: 0, calls: 0 };
  #residentMb = 0;

  static async start(name, slots) {
    const runner = new Runner();
    runner.name = name;
    runner.#server = await startServer("server.mjs");
    runner.#control = controlOf(runner.#server);
    runner.#contestant = new Contestant(name, runner.#server.url, {
      CONCURRENCY: String(slots),
    });
    try {
      const deleted = async () => (await runner.#control.stats()).deleted > 0;
      await runner.#contestant.until("deleted message", deleted);
      await sleep(WARM_UP_MS);
      runner.#contestant.signal("SIGSTOP");
      return runner;
    } catch (error) {
      await runner.end();
      throw error;
    }
  }

  async turn(windowMs) {
    this.#contestant.signal("SIGCONT");
    await sleep(RESUME_MS);
    const before = await this.#mark();
    await sleep(windowMs);
    const after = await this.#mark();
    this.#residentMb = Math.max(this.#residentMb, this.#contestant.memory().resident);
    this.#contestant.signal("SIGSTOP");
    for (const key of Object.keys(this.#sum)) this.#sum[key] += after[key] - before[key];
  }

  result() {
    const { ms, cpu, serverCpu, deleted, calls } = this.#sum;
    return {
      cpuMicros: (cpu * 1e6) / deleted,
      perSecond: (deleted * 1000) / ms,
      callsPerMessage: calls / deleted,
      cores: (cpu * 1000) / ms,
      serverCores: (serverCpu * 1000) / ms,
      residentMb: this.#residentMb,
      peakMb: this.#contestant.memory().peak,
    };
  }

  async end() {
    await this.#contestant.end();
    this.#server.stop();
  }

  async #mark() {
    const { deleted, calls } = await this.#control.stats();
    return {
      ms: monotonicMs(),
      cpu: cpuSeconds(this.#contestant.pid),
      serverCpu: cpuSeconds(this.#server.pid),
      deleted,
      calls: total(calls),
    };
  }
}

export const total = (calls) => Object.values(calls).reduce((sum, count) => sum + count, 0);
