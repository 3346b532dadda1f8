import { Contestant, controlOf, startServer } from "../contestant.mjs";

const WORKERS = 3;
const SLOTS = 20;
const MESSAGES = 1500;
export const PER_SECOND = 50;
const MAX_RECEIVE_COUNT = 5;
const VISIBILITY_SECONDS = 15;
/** What the provider's bucket held in the beginning isn't its rate, and of the last messages not every worker has one. */
const EDGE = 2 * PER_SECOND;
const DONE_WITHIN_MS = 180_000;

/**
 * A fleet of three behind a provider that takes 50 calls a second: how many it refuses, how much of its limit is used while
 * there is work, and what becomes of the messages.
 */
export async function providerLimit(name) {
  const servers = await Promise.all(["server.mjs", "provider.mjs", "table-server.mjs"].map((one) => startServer(one)));
  const [server, provider, table] = servers;
  const [queue, calls] = [controlOf(server), controlOf(provider)];
  await calls.reset({ perSecond: PER_SECOND });
  await queue.reset({
    mode: "queue",
    seed: MESSAGES,
    visibilitySeconds: VISIBILITY_SECONDS,
    maxReceiveCount: MAX_RECEIVE_COUNT,
  });
  const terms = {
    CONCURRENCY: String(SLOTS),
    VISIBILITY_TIMEOUT: String(VISIBILITY_SECONDS),
    BENCH_AGENT: `call:${provider.url}`,
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
  };
  const fleet = Array.from({ length: WORKERS }, () => new Contestant(name, server.url, terms));
  const done = async () => {
    const { deleted, dead } = await queue.stats();
    return deleted + dead === MESSAGES;
  };
  try {
    await fleet[0].until("end of every message", done, DONE_WITHIN_MS);
    const { receives, dead } = await queue.stats();
    const { served, refused } = await calls.stats();
    const servedAt = (await calls.calls()).filter((call) => call.served).map(({ at }) => at);
    return {
      refusedPercent: (100 * refused) / (served + refused),
      usedPercent: 100 * usedOf(servedAt),
      dead,
      receivesPerMessage: receives / MESSAGES,
      seconds: (servedAt.at(-1) - servedAt[0]) / 1000,
    };
  } finally {
    for (const contestant of fleet) await contestant.end();
    for (const each of servers) each.stop();
  }
}

/** Of the limit, what was taken while there was work. */
function usedOf(servedAt) {
  const [from, to] = [servedAt[EDGE], servedAt.at(-1 - EDGE)];
  return (servedAt.length - 2 * EDGE - 1) / ((to - from) / 1000) / PER_SECOND;
}
