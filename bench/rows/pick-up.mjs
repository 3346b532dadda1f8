import { monotonicMs, sleep } from "../clock.mjs";
import { Contestant, startServer } from "../contestant.mjs";
import { quantile } from "../medians.mjs";
import { Sender } from "../sender.mjs";

const SLOTS = 10;
const TURNS = 6;
const TURN_MESSAGES = 60;
/** Not counted: those to a contestant that was just started, and the first of each turn. */
const START_MESSAGES = 100;
const WARM_UP_MESSAGES = 10;
const GAP_MS = 12;
const SETTLE_MS = 500;
const BODY = '{"task_id":"42","data":{}}';
const REFERENCE = "bare";

/**
 * Idle contestants and one message at a time, each on an embedded server of its own: from just before SendMessage until
 * the agent starts. Who gets the messages changes by turns; an idle contestant waits in a long poll and costs nothing.
 * The sender is a bare HTTP request, so that the SDK's cost is the contestant's alone.
 */
export async function pickUp(names, report) {
  const idle = [];
  try {
    for (const name of names) {
      const one = await Idle.start(name).catch((error) => report(name, error));
      if (one) idle.push(one);
    }
    for (let turn = 0; turn < TURNS; turn++) {
      for (const one of idle) await one.turn().catch((error) => report(one.name, error));
    }
    const results = new Map();
    for (const one of idle) {
      const waits = await one.waits().catch((error) => report(one.name, error));
      if (waits) results.set(one.name, { p50Ms: quantile(waits, 0.5), p99Ms: quantile(waits, 0.99) });
    }
    const beside = results.get(REFERENCE);
    for (const [name, { p50Ms, p99Ms }] of results) {
      report(name, undefined, { p50Ms, p99Ms, p50Ratio: p50Ms / beside?.p50Ms, p99Ratio: p99Ms / beside?.p99Ms });
    }
  } finally {
    for (const one of idle) await one.end();
  }
}

/** One contestant that waits, with its server and its sender. */
class Idle {
  #server;
  #contestant;
  #sender;
  #sentAt = new Map();

  static async start(name) {
    const one = new Idle();
    one.name = name;
    one.#server = await startServer("embedded-server.mjs");
    const { url } = one.#server;
    one.#contestant = new Contestant(name, url, { CONCURRENCY: String(SLOTS), BENCH_AGENT: "instant" });
    one.#sender = new Sender(url);
    try {
      await one.#sender.send(BODY);
      await one.#contestant.until("start of an agent", () => one.#contestant.events().length > 0);
      for (let count = 0; count < START_MESSAGES; count++) await one.#send();
      await sleep(SETTLE_MS);
      return one;
    } catch (error) {
      await one.end();
      throw error;
    }
  }

  async turn() {
    for (let count = 0; count < WARM_UP_MESSAGES; count++) await this.#send();
    for (let count = 0; count < TURN_MESSAGES; count++) {
      const { id, at } = await this.#send();
      this.#sentAt.set(id, at);
    }
  }

  /** How long each message waited, in milliseconds, when all of them have started. */
  async waits() {
    const starts = () => this.#contestant.events().filter(({ kind, id }) => kind === "start" && this.#sentAt.has(id));
    await this.#contestant.until("start of every agent", () => starts().length >= this.#sentAt.size);
    return starts().map(({ id, at }) => at - this.#sentAt.get(id));
  }

  async #send() {
    const at = monotonicMs();
    const id = await this.#sender.send(BODY);
    await sleep(GAP_MS);
    return { id, at };
  }

  async end() {
    this.#sender.close();
    await this.#contestant.end();
    this.#server.stop();
  }
}
