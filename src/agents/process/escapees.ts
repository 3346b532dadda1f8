import type { ProcessEntry } from "./process-table.js";
import { TICKS_PER_SECOND } from "./process-table.js";

/** Times in /proc are rounded to ticks; two that are closer than this can't be told apart. */
const MARGIN_MS = 100;
const INIT = 1;

/** One look at the processes of a container whose init has no children but the worker, and those whose parents ended. */
export interface Look {
  readonly processes: readonly ProcessEntry[];
  /** Since the machine's start, in milliseconds. */
  readonly uptimeMs: number;
  /** The same moment by `performance.now()`. */
  readonly now: number;
  /** The worker's process id. */
  readonly worker: number;
  /** When the groups were begun of which something may live, by `performance.now()`. */
  readonly liveSince: readonly number[];
}

/**
 * Processes that a run has left behind which is over: orphans, whatever their group and their environment, that are older
 * than each run which lives now. An orphan that is younger may belong to one of these: it isn't named.
 */
export function escapees({ processes, uptimeMs, now, worker, liveSince }: Look): number[] {
  const began = ({ startTicks }: ProcessEntry) => now - uptimeMs + (startTicks / TICKS_PER_SECOND) * 1000;
  const self = processes.find(({ pid }) => pid === worker);
  // Of those that began before the worker none can come from it.
  const from = self ? began(self) : Number.POSITIVE_INFINITY;
  const until = Math.min(...liveSince) - MARGIN_MS;
  return processes
    .filter(({ pid, parent, zombie }) => parent === INIT && pid !== worker && !zombie)
    .filter((entry) => began(entry) >= from && began(entry) < until)
    .map(({ pid }) => pid);
}
