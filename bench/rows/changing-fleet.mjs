import { monotonicMs, sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";
import { AND_FLEET } from "../line-up.mjs";

const PER_SECOND = 50;
const SLOTS = 20;
const FEW = 3;
const MANY = 12;
const MESSAGES = 10_000;
const STEADY_MS = 25_000;
/** From the order of a task until it works; ECS takes half a minute and more. */
const START_MS = 15_000;
/** A second, and of these as many as a fleet may take to find its shares. */
const WINDOW_MS = 1000;
const WINDOWS = 10;
const OVER = 1.1;
const EXIT_WITHIN_MS = 20_000;

/**
 * A fleet that is ordered from 3 tasks to 12 and back, with more work than its provider takes: how many calls come in each
 * second, against the limit.
 */
export async function changingFleet(name) {
  const servers = await Promise.all(
    ["server.mjs", "provider.mjs", "fleet-server.mjs", "table-server.mjs"].map((script) => startServer(script)),
  );
  const [server, provider, ecs, table] = servers;
  const [queue, calls, fleet] = [controlOf(server), controlOf(provider), controlOf(ecs)];
  await calls.reset({ perSecond: PER_SECOND });
  await queue.reset({ mode: "queue", seed: MESSAGES, visibilitySeconds: 30, maxReceiveCount: 5 });
  await fleet.reset({ desired: FEW, running: FEW });
  const terms = {
    CONCURRENCY: String(SLOTS),
    BENCH_AGENT: `call:${provider.url}`,
    AWS_ENDPOINT_URL_ECS: ecs.url,
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
    ...(name === AND_FLEET && { ECS_CONTAINER_METADATA_URI_V4: ecs.url }),
  };
  const start = (count) => Array.from({ length: count }, () => new Contestant(name, server.url, terms));
  const tasks = start(FEW);
  try {
    await tasks[0].until("call", async () => (await calls.stats()).served > 0);
    await sleep(STEADY_MS);
    const from = monotonicMs();
    await fleet.reset({ desired: MANY, running: FEW });
    await sleep(START_MS);
    tasks.push(...start(MANY - FEW));
    await fleet.reset({ desired: MANY, running: MANY });
    await sleep(STEADY_MS);
    await fleet.reset({ desired: FEW, running: MANY });
    const leaving = tasks.slice(FEW);
    for (const task of leaving) task.signal("SIGTERM");
    await Promise.all(leaving.map((task) => task.until("exit", () => task.exit !== undefined, EXIT_WITHIN_MS)));
    await fleet.reset({ desired: FEW, running: FEW });
    await sleep(STEADY_MS);
    const to = monotonicMs();
    const { dead, visible } = await queue.stats();
    if (visible === 0) throw new Error("the work came to an end before the measurement");
    const perWindow = windows(
      (await calls.calls()).map(({ at }) => at),
      from,
      to,
    );
    const { served, refused } = await calls.stats();
    const limit = (PER_SECOND * WINDOW_MS) / 1000;
    const over = perWindow.filter((count) => count > OVER * limit);
    const inTen = perWindow.slice(0, -WINDOWS + 1).map((_, at) => sum(perWindow.slice(at, at + WINDOWS)));
    return {
      mostPercent: (100 * Math.max(...perWindow)) / limit,
      mostInTenPercent: (100 * Math.max(...inTen)) / limit / WINDOWS,
      overSeconds: (over.length * WINDOW_MS) / 1000,
      refusedPercent: (100 * refused) / (served + refused),
      usedPercent: (100 * sum(perWindow)) / (perWindow.length * limit),
      dead,
    };
  } finally {
    for (const task of tasks) await task.end();
    for (const each of servers) each.stop();
  }
}

const sum = (counts) => counts.reduce((total, count) => total + count, 0);

/** Calls in each whole second from the one moment to the other. */
function windows(calledAt, from, to) {
  const counts = new Array(Math.floor((to - from) / WINDOW_MS)).fill(0);
  for (const at of calledAt) {
    const window = Math.floor((at - from) / WINDOW_MS);
    if (window >= 0 && window < counts.length) counts[window]++;
  }
  return counts;
}
