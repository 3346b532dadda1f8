import { Contestant, controlOf, monotonicMs, sleep, startServer } from "../contestant.mjs";

const WARM_UP_MS = 2000;
const RSS_EVERY_MS = 250;

/**
 * No-op agents on an endless queue: what a message costs when nothing else does. Counts what the server saw deleted in
 * a window after a warm-up, and the process's CPU in the same window.
 */
export async function fullSpeed(name, { slots, seconds }) {
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  const contestant = new Contestant(name, server.url, { CONCURRENCY: String(slots), BENCH_AGENT: "noop" });
  try {
    await contestant.until("deleted message", async () => (await control.stats()).deleted > 0);
    await sleep(WARM_UP_MS);
    const before = { at: monotonicMs(), cpu: contestant.cpuSeconds(), ...(await control.stats()) };
    const resident = [];
    while (monotonicMs() < before.at + seconds * 1000) {
      await sleep(RSS_EVERY_MS);
      resident.push(contestant.memory().resident);
    }
    const after = { at: monotonicMs(), cpu: contestant.cpuSeconds(), ...(await control.stats()) };
    const messages = after.deleted - before.deleted;
    const calls = total(after.calls) - total(before.calls);
    return {
      cpuMicros: ((after.cpu - before.cpu) * 1e6) / messages,
      perSecond: (messages * 1000) / (after.at - before.at),
      callsPerMessage: calls / messages,
      cores: ((after.cpu - before.cpu) * 1000) / (after.at - before.at),
      residentMb: Math.max(...resident),
      peakMb: contestant.memory().peak,
    };
  } finally {
    await contestant.end();
    server.stop();
  }
}

export const total = (calls) => Object.values(calls).reduce((sum, count) => sum + count, 0);
