import { sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";
import { cpuSeconds } from "../process-tree.mjs";
import { Sender } from "../sender.mjs";

const SLOTS = 80;
const MESSAGES = 2000;
const WARM_UP_MESSAGES = 500;
const REPETITIONS = 200;
const AT_WORK_MS = 1000;
export const GROUPS = 20;
const GROUP_LENGTH = 25;
const LONG_RUNS = 10;
const LEASE_SECONDS = 15;
const LONG_RUN_SECONDS = 20;
const WITHIN_MS = 60_000;

const count = (length, keyOf) => Array.from({ length }, (_, index) => message(keyOf(index)));
const message = (key, groupId) => ({ body: JSON.stringify({ key, data: "x".repeat(200) }), groupId });
const TABLE = { IDEMPOTENCY_TABLE: "keys", IDEMPOTENCY_KEY: "body:/key" };

/**
 * What is sent to whom, by what stands behind the comma in a contestant's name. `first` is sent before the counting
 * begins, to the same worker, or to `another`.
 */
const SCENES = {
  undefined: { terms: {}, first: count(WARM_UP_MESSAGES, (n) => `first ${n}`), messages: count(MESSAGES, String) },
  "each key once": {
    terms: TABLE,
    first: count(WARM_UP_MESSAGES, (n) => `first ${n}`),
    messages: count(MESSAGES, String),
  },
  "repetitions of what is at work here": {
    terms: { ...TABLE, BENCH_AGENT: `between:${AT_WORK_MS},${AT_WORK_MS}` },
    first: [],
    messages: count(1 + REPETITIONS, () => "one"),
  },
  "repetitions of what was done here": {
    terms: TABLE,
    first: count(1, () => "one"),
    messages: count(MESSAGES, () => "one"),
  },
  "repetitions of what another task did": {
    terms: TABLE,
    another: true,
    first: count(REPETITIONS, String),
    messages: count(REPETITIONS, String),
  },
  "FIFO groups": {
    terms: { ...TABLE, BENCH_AGENT: "between:5,5" },
    fifo: true,
    first: [],
    messages: Array.from({ length: GROUPS * GROUP_LENGTH }, (_, n) => message(String(n), `group ${n % GROUPS}`)),
  },
  "runs longer than a lease": {
    terms: {
      ...TABLE,
      VISIBILITY_TIMEOUT: String(LEASE_SECONDS),
      BENCH_AGENT: `between:${LONG_RUN_SECONDS * 1000},${LONG_RUN_SECONDS * 1000}`,
    },
    first: [],
    messages: count(LONG_RUNS, String),
  },
};

/** Sends a scene's messages, and counts the calls to the table and the runs of the agent until all of them are deleted. */
export async function idempotency(name) {
  const { terms, first, another, messages, fifo } = SCENES[name.split(", ")[1]];
  const [server, table] = await Promise.all([startServer("server.mjs"), startServer("table-server.mjs")]);
  const [control, tableControl] = [controlOf(server), controlOf(table)];
  await control.reset({ mode: "queue" });
  const url = fifo ? `${server.url}.fifo` : server.url;
  const sender = new Sender(url);
  let contestant;
  const start = async () => {
    contestant = new Contestant(name, url, {
      CONCURRENCY: String(SLOTS),
      AWS_ENDPOINT_URL_DYNAMODB: table.url,
      BENCH_AGENT: "instant",
      ...terms,
    });
    await contestant.until("receive", async () => (await control.stats()).openPolls > 0);
  };
  let sent = 0;
  const all = async (some) => {
    await sender.sendAll(some);
    sent += some.length;
    await contestant.until("end of every message", async () => (await control.stats()).deleted === sent, WITHIN_MS);
  };
  const runs = () => contestant.events().filter(({ kind }) => kind === "end").length;
  try {
    await start();
    await all(first);
    if (another) {
      await contestant.end();
      await start();
    }
    await tableControl.reset();
    const before = { cpu: cpuSeconds(contestant.pid).all, runs: runs() };
    await all(messages);
    // A call too many might come late.
    await sleep(100);
    const { calls, atWorkMost } = await tableControl.stats();
    return {
      messages: messages.length,
      runs: runs() - before.runs,
      calls,
      callsPerMessage: calls / messages.length,
      atWorkMost,
      // Where agents take their time, what a worker does while it waits isn't the message's.
      ...(terms.BENCH_AGENT
        ? {}
        : { cpuMicros: ((cpuSeconds(contestant.pid).all - before.cpu) * 1e6) / messages.length }),
    };
  } finally {
    sender.close();
    await contestant?.end();
    server.stop();
    table.stop();
  }
}
