import { monotonicMs, sleep } from "../clock.mjs";
import { Contestant, startServer } from "../contestant.mjs";
import { quantile } from "../medians.mjs";
import { Sender } from "../sender.mjs";

const SLOTS = 10;
const MESSAGES = 250;
const WARM_UP_MESSAGES = 50;
const GAP_MS = 12;
const SETTLE_MS = 500;
const BODY = '{"task_id":"42","data":{}}';

/**
 * An idle contestant and one message at a time on the embedded server: from just before SendMessage until the agent
 * starts. The sender is a bare HTTP request, so that the SDK's cost is the contestant's alone.
 */
export async function pickUp(name) {
  const server = await startServer("embedded-server.mjs");
  const contestant = new Contestant(name, server.url, { CONCURRENCY: String(SLOTS), BENCH_AGENT: "instant" });
  const sender = new Sender(server.url);
  try {
    await sender.send(BODY);
    await contestant.until("start of an agent", () => contestant.events().length > 0);
    await sleep(SETTLE_MS);
    const sentAt = new Map();
    for (let number = 0; number < MESSAGES + WARM_UP_MESSAGES; number++) {
      const at = monotonicMs();
      const id = await sender.send(BODY);
      if (number >= WARM_UP_MESSAGES) sentAt.set(id, at);
      await sleep(GAP_MS);
    }
    const startsOf = () => contestant.events().filter(({ kind, id }) => kind === "start" && sentAt.has(id));
    await contestant.until("start of every agent", () => startsOf().length >= sentAt.size);
    const waits = startsOf().map(({ id, at }) => at - sentAt.get(id));
    return { p50Ms: quantile(waits, 0.5), p99Ms: quantile(waits, 0.99) };
  } finally {
    sender.close();
    await contestant.end();
    server.stop();
  }
}
