import { monotonicMs, sleep } from "../clock.mjs";
import { Contestant, controlOf, startServer } from "../contestant.mjs";

const SLOTS = 10;
const DEPLOYMENTS = 10;
/** More than the fastest here does until the last deployment. */
const MESSAGES = 800;
const MAX_RECEIVE_COUNT = 3;
/** Short, so that what a stop leaves hidden comes back within the run. */
const VISIBILITY_SECONDS = 15;
const LEAST_PAUSE_MS = 900;
const PAUSE_STEP_MS = 155;
const DONE_WITHIN_MS = 120_000;

/** Before the deployment of this number: 0.9 to 2.3 s, in an order that is the same for everybody. */
const pauseMs = (number) => LEAST_PAUSE_MS + ((number * 7) % DEPLOYMENTS) * PAUSE_STEP_MS;

/**
 * Ten rolling deployments over a backlog, as ECS does them with `MinimumHealthyPercent: 100`: the next process starts,
 * and when it is at work the one before gets its SIGTERM and may take the time that it needs. What counts is how often
 * messages were handed out and how often they ran, and which became dead letters.
 */
export async function rollingDeployments(name) {
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  await control.reset({
    mode: "queue",
    seed: MESSAGES,
    visibilitySeconds: VISIBILITY_SECONDS,
    maxReceiveCount: MAX_RECEIVE_COUNT,
  });
  const contestants = [];
  const deploy = async () => {
    const next = new Contestant(name, server.url, {
      CONCURRENCY: String(SLOTS),
      VISIBILITY_TIMEOUT: String(VISIBILITY_SECONDS),
      BENCH_AGENT: "between:50,500",
    });
    const before = contestants.at(-1);
    contestants.push(next);
    await next.until("start of an agent", async () => next.events().length > 0 || (await done()));
    before?.signal("SIGTERM");
  };
  const done = async () => {
    const { deleted, dead } = await control.stats();
    return deleted + dead === MESSAGES;
  };
  try {
    const startedAt = monotonicMs();
    await deploy();
    for (let number = 0; number < DEPLOYMENTS && !(await done()); number++) {
      await sleep(pauseMs(number));
      await deploy();
    }
    await contestants.at(-1).until("end of every message", done, DONE_WITHIN_MS);
    const elapsedMs = monotonicMs() - startedAt;
    const { receives, dead, deadIds } = await control.stats();
    const starts = contestants.flatMap((one) => one.events()).filter(({ kind }) => kind === "start");
    const started = new Set(starts.map(({ id }) => id));
    return {
      receivesPerMessage: receives / MESSAGES,
      dead,
      deadWithoutRun: deadIds.filter((id) => !started.has(id)).length,
      runsPerMessage: starts.length / MESSAGES,
      deployments: contestants.length - 1,
      elapsedMs,
    };
  } finally {
    for (const contestant of contestants) await contestant.end();
    server.stop();
  }
}
