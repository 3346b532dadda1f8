import { monotonicMs, sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";
import { total } from "./runner.mjs";

const SLOTS = 20;
const CALL_MS = 10;
const WARM_UP_MS = 3000;

/** Agents of which one in ten takes fifty times as long: how much of the slots' time is work, and what it costs in calls. */
export async function longTail(name, { seconds }) {
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  await control.reset({ mode: "endless", delayMs: CALL_MS });
  const contestant = new Contestant(name, server.url, {
    CONCURRENCY: String(SLOTS),
    BENCH_AGENT: "mixed",
    BENCH_HEARTBEAT: "on",
  });
  try {
    await contestant.until("start of an agent", () => contestant.events().length > 0);
    await sleep(WARM_UP_MS);
    const from = monotonicMs();
    const before = await control.stats();
    await sleep(seconds * 1000);
    const to = monotonicMs();
    const after = await control.stats();
    const messages = after.deleted - before.deleted;
    return {
      busyPercent: (100 * busyMs(contestant.events(), from, to)) / (SLOTS * (to - from)),
      callsPerMessage: (total(after.calls) - total(before.calls)) / messages,
      perSecond: (messages * 1000) / (to - from),
    };
  } finally {
    await contestant.end();
    server.stop();
  }
}

/** Milliseconds of agents' work between two moments, over all slots. */
function busyMs(events, from, to) {
  const running = new Map();
  let busy = 0;
  const add = (start, end) => {
    busy += Math.max(0, Math.min(end, to) - Math.max(start, from));
  };
  for (const { kind, id, at } of events) {
    if (kind === "start") running.set(id, at);
    else {
      add(running.get(id), at);
      running.delete(id);
    }
  }
  for (const start of running.values()) add(start, to);
  return busy;
}
