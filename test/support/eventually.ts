import { setTimeout as sleep } from "node:timers/promises";

/** Asks until `holds` is true of the answer, and resolves with it; rejects with the last answer after `timeoutMs`. */
export async function eventually<T>(
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const startedAt = performance.now();
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() - startedAt > timeoutMs) throw new Error(`still ${JSON.stringify(answer)}`);
    await sleep(200);
  }
}
