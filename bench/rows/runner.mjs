import { readdirSync } from "node:fs";
import { monotonicMs, sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";
import { cpuSeconds } from "../process-tree.mjs";

const WARM_UP_MS = 2000;
/** After a halt, until timers that came due have fired. */
const RESUME_MS = 150;
/** For any number of messages that a turn may wait for: several times of what an idle machine takes. */
const UNTIL_MS = 60_000;

/**
 * One contestant at full speed on an endless queue of its own, halted (SIGSTOP) between its turns: so several can run by
 * turns, and a machine that is slower for a while is slower for all of them.
 */
export class Runner {
  #contestant;
  #server;
  #control;

  /** @param terms environment variables for the contestant, CONCURRENCY among them. */
  static async start(name, { bodyBytes, terms }) {
    const runner = new Runner();
    runner.name = name;
    runner.#server = await startServer("server.mjs");
    runner.#control = controlOf(runner.#server);
    await runner.#control.reset({ mode: "endless", bodyBytes });
    runner.#contestant = new Contestant(name, runner.#server.url, terms);
    try {
      await runner.until(1);
      await sleep(WARM_UP_MS);
      runner.#contestant.signal("SIGSTOP");
      return runner;
    } catch (error) {
      await runner.end();
      throw error;
    }
  }

  /** Waits until the server has seen so many messages deleted. */
  async until(deleted) {
    const enough = async () => (await this.#control.stats()).deleted >= deleted;
    await this.#contestant.until(`deletion of ${deleted} messages`, enough, UNTIL_MS);
  }

  /**
   * Lets it run for as long as `span` takes, which gets the count of messages deleted before.
   * @returns what came of it: milliseconds, CPU seconds, messages deleted, calls; and what it holds at the end.
   */
  async turn(span) {
    this.#contestant.signal("SIGCONT");
    await sleep(RESUME_MS);
    const before = await this.#mark();
    await span(before.deleted);
    const after = await this.#mark();
    const { residentMb } = this.#contestant;
    const descriptors = readdirSync(`/proc/${this.#contestant.pid}/fd`).length;
    this.#contestant.signal("SIGSTOP");
    const turn = Object.fromEntries(Object.keys(before).map((key) => [key, after[key] - before[key]]));
    return { ...turn, residentMb, descriptors };
  }

  async end() {
    await this.#contestant.end();
    this.#server.stop();
  }

  async #mark() {
    const { deleted, calls } = await this.#control.stats();
    const { all, endedChildren } = cpuSeconds(this.#contestant.pid);
    return {
      ms: monotonicMs(),
      cpu: all,
      childrenCpu: endedChildren,
      serverCpu: cpuSeconds(this.#server.pid).all,
      deleted,
      calls: total(calls),
    };
  }
}

export const total = (calls) => Object.values(calls).reduce((sum, count) => sum + count, 0);
