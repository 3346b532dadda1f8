import { sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";

const MESSAGES = 2;
const PROCESSES = 2;
const VISIBILITY_SECONDS = 15;
const BLOCK_SECONDS = 3 * VISIBILITY_SECONDS;
/** Time for both messages, one after the other, and for a delete. */
const WATCH_SECONDS = MESSAGES * BLOCK_SECONDS + 10;

/**
 * An agent that blocks the event loop for three times the visibility timeout, two messages, and two processes of each
 * contestant, so that somebody is there to take a message whose lease was let go.
 */
export async function blocking(name) {
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  await control.reset({ mode: "queue", visibilitySeconds: VISIBILITY_SECONDS, seed: MESSAGES });
  const contestants = Array.from(
    { length: PROCESSES },
    () =>
      new Contestant(name, server.url, {
        CONCURRENCY: "2",
        VISIBILITY_TIMEOUT: String(VISIBILITY_SECONDS),
        BENCH_HEARTBEAT: "on",
        BENCH_AGENT: `block:${BLOCK_SECONDS * 1000}`,
      }),
  );
  try {
    await contestants[0].until("start of an agent", () => contestants.some((one) => one.events().length > 0));
    await sleep(WATCH_SECONDS * 1000);
    const starts = contestants.flatMap((one) => one.events()).filter(({ kind }) => kind === "start");
    const { deleted, redeliveries } = await control.stats();
    return { runs: starts.length, runsPerMessage: starts.length / MESSAGES, deleted, redeliveries };
  } finally {
    for (const contestant of contestants) await contestant.end();
    server.stop();
  }
}
