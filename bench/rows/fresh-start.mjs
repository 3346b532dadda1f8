import { sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";
import { quantile } from "../medians.mjs";
import { Sender } from "../sender.mjs";

const SLOTS = 10;
const MESSAGES = 50;
const WARM_UP_MESSAGES = 5;
/** Time for a next process to get ready. */
const GAP_MS = 120;
const SETTLE_MS = 1000;

/** One message at a time to an idle contestant: from the moment at which the server hands it out until the agent starts. */
export async function freshStart(name) {
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  await control.reset({ mode: "queue" });
  const contestant = new Contestant(name, server.url, { CONCURRENCY: String(SLOTS), BENCH_AGENT: "instant" });
  const sender = new Sender(server.url);
  const starts = () => contestant.events().filter(({ kind }) => kind === "start");
  try {
    await contestant.until("receive", async () => (await control.stats()).openPolls > 0);
    await sleep(SETTLE_MS);
    for (let sent = 0; sent < WARM_UP_MESSAGES + MESSAGES; sent++) {
      await sender.send(String(sent));
      await sleep(GAP_MS);
    }
    await contestant.until("start of every agent", () => starts().length >= WARM_UP_MESSAGES + MESSAGES);
    const receivedAt = await control.receipts();
    const waits = starts()
      .slice(WARM_UP_MESSAGES)
      .map(({ id, at }) => at - receivedAt[id]);
    return { p50Ms: quantile(waits, 0.5), p99Ms: quantile(waits, 0.99) };
  } finally {
    sender.close();
    await contestant.end();
    server.stop();
  }
}
