import { monotonicMs, sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";

const SLOTS = 50;
const BACKLOG = 2000;
const SETTLE_IN_MS = 1500;
const EXIT_WITHIN_MS = 60_000;

/**
 * SIGTERM while fifty agents work and more waits in the queue. What counts is the queue after the exit: messages whose
 * agent finished and which will come again all the same, and messages that are hidden though nobody works on them.
 */
export async function sigterm(name) {
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  await control.reset({ mode: "queue", seed: BACKLOG, visibilitySeconds: 120 });
  const contestant = new Contestant(name, server.url, {
    CONCURRENCY: String(SLOTS),
    BENCH_AGENT: "between:200,2000",
    BENCH_HEARTBEAT: "on",
  });
  try {
    await contestant.until("fifty started agents", () => startsOf(contestant).length >= SLOTS);
    await sleep(SETTLE_IN_MS);
    const signalledAt = monotonicMs();
    contestant.signal("SIGTERM");
    const exit = await Promise.race([contestant.exited, sleep(EXIT_WITHIN_MS)]);
    if (!exit) throw new Error(`${name} had not ended ${EXIT_WITHIN_MS} ms after SIGTERM`);
    const { deletedIds, hidden } = await control.stats();
    const deleted = new Set(deletedIds);
    const events = contestant.events();
    const ended = events.filter(({ kind }) => kind === "end");
    const open = new Set(events.filter(({ at }) => at <= signalledAt).map(({ id }) => id));
    for (const { id, at } of ended) if (at <= signalledAt) open.delete(id);
    return {
      inFlight: open.size,
      finishedNotDeleted: new Set(ended.filter(({ id }) => !deleted.has(id)).map(({ id }) => id)).size,
      cutShort: startsOf(contestant).length - ended.length,
      hidden,
      exitMs: exit.at - signalledAt,
      afterLastAgentMs: exit.at - Math.max(signalledAt, ...ended.map(({ at }) => at)),
      exitCode: exit.code ?? exit.signal,
    };
  } finally {
    await contestant.end();
    server.stop();
  }
}

const startsOf = (contestant) => contestant.events().filter(({ kind }) => kind === "start");
