import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { AgentLog } from "../context.js";
import { escapees } from "./escapees.js";
import { kill, ProcessGroup } from "./process-group.js";
import { processTable } from "./process-table.js";

const LOOK_MS = 2_000;
/** What a killed one has started becomes an orphan itself: looked for again, and so often at once. */
const ROUNDS = 10;
/** Hard limit on POSIX message queues that native/undumpable.c gives the image's init, and with it all that comes from it. */
const MARK = 810_913;

/**
 * Kills what agents have left behind although it left its group and cleared its environment. It is told by its parent,
 * which is the init, and its age, so this is done in the worker's image alone, where the init has no other children: not
 * where another init is process 1, and not on anybody's machine. Sessions that are opened from outside (`docker exec`)
 * lack the init's mark, and are left alone.
 */
export class EscapeeWatch {
  readonly #log: AgentLog;
  #timer: NodeJS.Timeout | undefined;
  /** How many groups had been begun when nothing of any was left. */
  #clearAfter = 0;

  constructor(log: AgentLog) {
    this.#log = log;
  }

  /** Looks every two seconds while agents live, and once more after that. Harmless where it can't be done. */
  start(): void {
    if (this.#timer === undefined && underOwnInit()) this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const live = [...ProcessGroup.live];
    if (live.length === 0 && this.#clearAfter === ProcessGroup.begun) return;
    const liveSince = live.map(({ since }) => since);
    const killed = new Set<number>();
    for (let round = 0; round < ROUNDS; round++) {
      const found = find(liveSince).filter((pid) => !killed.has(pid) && markOf(pid) <= MARK && kill(pid));
      if (found.length === 0) break;
      for (const pid of found) killed.add(pid);
    }
    if (live.length === 0 && killed.size === 0) this.#clearAfter = ProcessGroup.begun;
    if (killed.size > 0) {
      this.#log.warn({ processes: killed.size }, "processes that had left their agents' groups were killed");
    }
  }
}

function find(liveSince: readonly number[]): number[] {
  const uptimeMs = Number(read("uptime").split(" ")[0]) * 1000;
  return escapees({ processes: processTable(), uptimeMs, now: performance.now(), worker: process.pid, liveSince });
}

/**
 * Whether process 1 is the image's init and this worker the program that it was told to run, and so its only child that
 * isn't an orphan.
 */
function underOwnInit(): boolean {
  if (process.ppid !== 1 || markOf(process.pid) !== MARK) return false;
  const [init = "", ...words] = wordsOf(1);
  const own = wordsOf(process.pid);
  return basename(init) === "tini" && words.slice(-own.length).join("\0") === own.join("\0");
}

/** The limit by which a process is marked; NaN when it has none. */
const markOf = (pid: number) => Number(/^Max msgqueue size +\w+ +(\d+) /m.exec(read(`${pid}/limits`))?.[1]);

const wordsOf = (pid: number) => read(`${pid}/cmdline`).split("\0").slice(0, -1);

/** A file of /proc; "" where there is none, or no more. */
function read(file: string): string {
  try {
    return readFileSync(`/proc/${file}`, "latin1");
  } catch {
    return "";
  }
}
