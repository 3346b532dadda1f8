import { monotonicMs } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";
import { quantile } from "../medians.mjs";
import { Sender } from "../sender.mjs";

const WORKERS = 3;
const SLOTS = 20;
const LIMITED = 300;
const BURST = 1500;
/** Of what waits for its budget so many have gone by when the burst comes, so that every worker is at work. */
const BEGUN = 15;
const WITHIN_MS = 60_000;

const bodies = (count, limited) =>
  Array.from({ length: count }, (_, n) => ({ body: JSON.stringify({ task_id: String(n), limited }) }));

/** A burst of messages that take of no budget, while others wait for theirs: how long the burst's wait for their start. */
export async function unlimitedBeside(name) {
  const servers = await Promise.all(["server.mjs", "provider.mjs"].map((script) => startServer(script)));
  const [server, provider] = servers;
  const [queue, calls] = [controlOf(server), controlOf(provider)];
  // The budget is less; without one the provider is not to be what is waited for.
  await calls.reset({ perSecond: 1000 });
  await queue.reset({ mode: "queue", visibilitySeconds: 60, maxReceiveCount: 5 });
  const sender = new Sender(server.url);
  const terms = { CONCURRENCY: String(SLOTS), HANDLER: "./limited-agent.mjs", BENCH_PROVIDER: provider.url };
  const fleet = Array.from({ length: WORKERS }, () => new Contestant(name, server.url, terms));
  try {
    await sender.sendAll(bodies(LIMITED, true));
    await fleet[0].until("call", async () => (await calls.stats()).served >= BEGUN, WITHIN_MS);
    const sentFrom = monotonicMs();
    await sender.sendAll(bodies(BURST, false));
    const sentTo = monotonicMs();
    const starts = () => fleet.flatMap((one) => one.events());
    await fleet[0].until("start of every agent", () => starts().length >= BURST, WITHIN_MS);
    // In the order of the queue, near enough: each began to wait when its batch was sent.
    const waits = starts()
      .map(({ at }) => at)
      .sort((a, b) => a - b)
      .map((at, index) => at - (sentFrom + (index / BURST) * (sentTo - sentFrom)));
    const { receives } = await queue.stats();
    return {
      p50Ms: quantile(waits, 0.5),
      p99Ms: quantile(waits, 0.99),
      called: (await calls.stats()).served,
      receivesPerMessage: receives / (LIMITED + BURST),
    };
  } finally {
    sender.close();
    for (const one of fleet) await one.end();
    for (const one of servers) one.stop();
  }
}
