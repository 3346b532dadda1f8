import { Contestant, controlOf, startServer } from "../contestant.mjs";

const WORKERS = 3;
const SLOTS = 20;
const MESSAGES = 1500;
export const PER_SECOND = 50;
const MAX_RECEIVE_COUNT = 5;
const VISIBILITY_SECONDS = 15;
const DONE_WITHIN_MS = 180_000;

/**
 * A fleet of three behind a provider that takes 50 calls a second: how many it refuses, how much of its limit is used while
 * there is work, and what becomes of the messages.
 */
export async function providerLimit(name) {
  const [server, provider] = await Promise.all([startServer("server.mjs"), startServer("provider.mjs")]);
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
  };
  const fleet = Array.from({ length: WORKERS }, () => new Contestant(name, server.url, terms));
  const done = async () => {
    const { deleted, dead } = await queue.stats();
    return deleted + dead === MESSAGES;
  };
  try {
    await fleet[0].until("end of every message", done, DONE_WITHIN_MS);
    const { receives, dead } = await queue.stats();
    const { served, refused, firstAt, lastAt } = await calls.stats();
    return {
      refusedPercent: (100 * refused) / (served + refused),
      // What its bucket held in the beginning isn't its rate.
      usedPercent: (100 * (served - PER_SECOND)) / (((lastAt - firstAt) / 1000) * PER_SECOND),
      dead,
      receivesPerMessage: receives / MESSAGES,
      seconds: (lastAt - firstAt) / 1000,
    };
  } finally {
    for (const contestant of fleet) await contestant.end();
    server.stop();
    provider.stop();
  }
}
