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

/** CPU seconds that a process has used and all below it, those that have ended included; user and system mode, all threads. */
export function cpuSeconds(root) {
  let ticks = 0;
  for (const fields of statsBelow(root).values()) {
    // utime, stime, and those of the children that were waited for.
    for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return ticks / TICKS_PER_SECOND;
}
