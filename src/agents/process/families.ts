import type { ProcessEntry } from "./process-table.js";

/**
 * The processes that belong to each leader: those of its process group, and what they have started, even where that has
 * left the group. What has left it and lost its parent as well belongs to nobody here.
 * @param leaders process ids; each of a group of its own.
 */
export function familiesOf(
  processes: readonly ProcessEntry[],
  leaders: ReadonlySet<number>,
): ReadonlyMap<number | undefined, readonly ProcessEntry[]> {
  const byPid = new Map(processes.map((entry) => [entry.pid, entry]));
  const owners = new Map<number, number | undefined>();
  const ownerOf = (entry: ProcessEntry): number | undefined => {
    if (leaders.has(entry.group)) return entry.group;
    if (owners.has(entry.pid)) return owners.get(entry.pid);
    // Set first: entries are read one after another, and may show a circle that never was.
    owners.set(entry.pid, undefined);
    const parent = byPid.get(entry.parent);
    const owner = parent && ownerOf(parent);
    owners.set(entry.pid, owner);
    return owner;
  };
  return Map.groupBy(processes, ownerOf);
}
