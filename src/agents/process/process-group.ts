import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { newestProcess, processEntry, processIds } from "./process-table.js";

/** The variable by which a run's processes are found again, wherever they went. */
export const RUN_ID = "QUEUEHAND_RUN_ID";

/** What has outlived its leader may end by itself for so long. */
const STRAGGLER_GRACE_MS = 1_000;
/** First and longest pause between two looks. */
const LOOK_MS = 5;
const LOOK_MAX_MS = 500;
/** In so short a time process ids don't go all the way round. */
const ROUND_MS = 2_000;
const FEW = 100;

/** Leaders that live now: their environment needs no look when another run's strays are searched. */
const leaders = new Set<number>();
/** Groups of which something may live. */
const groups = new Set<ProcessGroup>();
let begun = 0;
let exitHooked = false;

/** A worker that is told to end at once takes its agents with it. */
function killAllAtExit(): void {
  if (exitHooked) return;
  exitHooked = true;
  process.on("exit", () => {
    for (const leader of leaders) kill(-leader);
  });
}

/**
 * All processes of one run: its leader's process group, and what left that group by setsid but still carries the run's
 * id in its environment. What clears its environment as well is left to the EscapeeWatch.
 */
export class ProcessGroup {
  /** The groups of which something may live. */
  static get live(): ReadonlySet<ProcessGroup> {
    return groups;
  }

  /** How many there have been. */
  static get begun(): number {
    return begun;
  }

  /**
   * @param leader the process id of the leader, started with a group of its own (`detached`).
   * @param runId what its environment has as RUN_ID.
   * @param since a moment before the leader was started, by `performance.now()`: nothing of the group is older.
   */
  constructor(
    readonly leader: number,
    readonly runId: string,
    readonly since: number,
  ) {
    leaders.add(leader);
    groups.add(this);
    begun++;
    killAllAtExit();
  }

  /** Sends a signal to the group; false when nobody is in it. */
  signal(signal: NodeJS.Signals): boolean {
    return kill(-this.leader, signal);
  }

  /**
   * To be called when the leader has exited, before its id can be anybody else's: ends all that is left.
   * @returns how many processes had left the group and were killed; resolves when none lives.
   */
  async end(): Promise<number> {
    leaders.delete(this.leader);
    if (this.signal("SIGTERM")) await this.#endGroup();
    const strays = new Set<number>();
    for (let pause = LOOK_MS; ; pause = Math.min(LOOK_MAX_MS, pause * 2)) {
      const found = this.#strays();
      if (found.length === 0) break;
      for (const stray of found) {
        strays.add(stray);
        kill(stray);
      }
      await sleep(pause);
    }
    groups.delete(this);
    return strays.size;
  }

  /** Zombies don't count: they take signals for ever where process 1 doesn't reap what it inherits. */
  async #endGroup(): Promise<void> {
    const killAt = performance.now() + STRAGGLER_GRACE_MS;
    for (let pause = LOOK_MS; this.#anyAlive(); pause = Math.min(LOOK_MAX_MS, pause * 2)) {
      if (performance.now() >= killAt) this.signal("SIGKILL");
      await sleep(Math.min(pause, Math.max(LOOK_MS, killAt - performance.now())));
    }
  }

  #anyAlive(): boolean {
    return processIds().some((pid) => {
      const entry = processEntry(pid);
      return entry?.group === this.leader && !entry.zombie;
    });
  }

  /** Living processes with the run's id. */
  #strays(): number[] {
    const mark = `${RUN_ID}=${this.runId}`;
    return this.#suspects().filter((pid) => {
      if (pid === process.pid || leaders.has(pid)) return false;
      try {
        return readFileSync(`/proc/${pid}/environ`).includes(mark);
      } catch {
        return false; // another user's, or gone
      }
    });
  }

  /**
   * Processes that may come from the leader. Ids are given out in turn, so what it started has a later one, unless they
   * went round in the meantime. Where they are few it is far cheaper to ask for each than to list all there are.
   */
  #suspects(): number[] {
    const newest = newestProcess();
    if (newest < this.leader || performance.now() - this.since > ROUND_MS) return processIds();
    if (newest - this.leader > FEW) return processIds().filter((pid) => pid > this.leader);
    const suspects: number[] = [];
    for (let pid = this.leader + 1; pid <= newest; pid++) {
      if (!leaders.has(pid) && existsSync(`/proc/${pid}`)) suspects.push(pid);
    }
    return suspects;
  }
}

/** False when there is nobody to be signalled, or it is somebody else's. */
export function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
