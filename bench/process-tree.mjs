import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

/** Every process id there is. */
export const processes = () => readdirSync("/proc").map(Number).filter(Number.isInteger);

/** The fields of /proc/PID/stat behind the name, or undefined when the process is gone. */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** The stat fields of a process and of all below it that live, by id. */
function statsBelow(root) {
  const all = new Map(processes().map((pid) => [pid, statOf(pid)]));
  const below = new Map();
  let found = [root];
  while (found.length > 0) {
    for (const pid of found) if (all.get(pid)) below.set(pid, all.get(pid));
    const parents = new Set(found);
    found = [...all]
      .filter(([pid, fields]) => fields && !below.has(pid) && parents.has(Number(fields[1])))
      .map(([pid]) => pid);
  }
  return below;
}

/** A process and all below it that live: their ids, its own first. */
export const processTree = (root) => [...statsBelow(root).keys()];

/**
 * CPU seconds that a process has used and all below it, those that have ended included, and thereof what its own children
 * used that have ended; user and system mode, all threads.
 */
export function cpuSeconds(root) {
  const stats = statsBelow(root);
  const seconds = (fields) => fields.reduce((sum, field) => sum + Number(field), 0) / TICKS_PER_SECOND;
  let all = 0;
  // utime, stime, and those of the children that were waited for.
  for (const fields of stats.values()) all += seconds(fields.slice(11, 15));
  return { all, endedChildren: seconds(stats.get(root)?.slice(13, 15) ?? []) };
}
