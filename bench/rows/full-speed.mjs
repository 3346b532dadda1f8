import { Contestant, controlOf, cpuSeconds, monotonicMs, sleep, startServer } from "../contestant.mjs";

const WARM_UP_MS = 2000;
const MEMORY_EVERY_MS = 250;

/**
 * No-op agents on an endless queue: what a message costs when nothing else does. Counts what the server saw deleted in
 * a window after a warm-up, and the process's CPU in the same window.
 */
export async function fullSpeed(name, { slots, seconds }) {
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  const contestant = new Contestant(name, server.url, { CONCURRENCY: String(slots), BENCH_AGENT: "noop" });
  const mark = async () => ({
    at: monotonicMs(),
    cpu: cpuSeconds(contestant.pid),
    serverCpu: cpuSeconds(server.pid),
    ...(await control.stats()),
  });
  try {
    await contestant.until("deleted message", async () => (await control.stats()).deleted > 0);
    await sleep(WARM_UP_MS);
    const before = await mark();
    const resident = [];
    while (monotonicMs() < before.at + seconds * 1000) {
      await sleep(MEMORY_EVERY_MS);
      resident.push(contestant.memory().resident);
    }
    const after = await mark();
    const messages = after.deleted - before.deleted;
    const elapsed = (after.at - before.at) / 1000;
    return {
      cpuMicros: ((after.cpu - before.cpu) * 1e6) / messages,
      perSecond: messages / elapsed,
      callsPerMessage: (total(after.calls) - total(before.calls)) / messages,
      cores: (after.cpu - before.cpu) / elapsed,
      serverCores: (after.serverCpu - before.serverCpu) / elapsed,
      residentMb: Math.max(...resident),
      peakMb: contestant.memory().peak,
    };
  } finally {
    await contestant.end();
    server.stop();
  }
}

export const total = (calls) => Object.values(calls).reduce((sum, count) => sum + count, 0);
