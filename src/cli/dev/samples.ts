/** Every how many sample messages one has an `error_trigger`, so that a newcomer sees retries and dead letters. */
export const FAILING_EVERY = 20;
/** The first of them: early, so that even a handful of messages has one. */
const FIRST_FAILING = 5;

/** Longest and shortest work of the sample agent when a body doesn't say, in milliseconds. */
const WORK_MS = { min: 50, max: 400 };
/** A run of very many samples should still end while somebody watches. */
const RUN_SECONDS = 10;

/**
 * The body of the `n`-th sample message, counted from 1: a task for the sample agent.
 * @param workMs how long the agent is to work on it; the agent's own choice if left out.
 */
export function sampleBody(n: number, workMs?: number): string {
  const failing = n % FAILING_EVERY === FIRST_FAILING;
  return JSON.stringify({
    task_id: String(n),
    data: { ...(workMs !== undefined && { work_ms: workMs }), ...(failing && { error_trigger: true }) },
  });
}

/** How many of the first `count` sample messages have an `error_trigger`. */
export function failingAmong(count: number): number {
  return Math.floor((count + FAILING_EVERY - FIRST_FAILING) / FAILING_EVERY);
}

/** The work for each of `count` messages on `slots` slots; undefined = the agent's own choice, where that ends in time. */
export function workFor(count: number, slots: number): number | undefined {
  const affordable = (RUN_SECONDS * 1_000 * slots) / count;
  return affordable >= (WORK_MS.min + WORK_MS.max) / 2 ? undefined : Math.max(1, Math.round(affordable));
}
