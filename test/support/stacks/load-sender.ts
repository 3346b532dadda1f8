import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceBundle } from "./service-bundle.js";

/** How often the messages that are due are sent, together. */
const STEP_MS = 100;

/**
 * Sends one message at each of `moments` (seconds after `baseMs`, rising), each of which keeps its agent busy for
 * `workMs`. Resolves with their ids.
 */
export async function sendAt(
  bundle: ServiceBundle,
  moments: readonly number[],
  baseMs: number,
  workMs: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let sent = 0, round = 0; sent < moments.length; round++) {
    const now = (Date.now() - baseMs) / 1000;
    let due = sent;
    while (due < moments.length && moments[due]! <= now) due++;
    if (due > sent) ids.push(...(await bundle.send(`load-${round}`, due - sent, workMs)));
    sent = due;
    await sleep(STEP_MS);
  }
  return ids;
}
