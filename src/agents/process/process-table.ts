import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks in a second, as /proc counts: fixed by Linux for programs, whatever its kernel's own. */
export const TICKS_PER_SECOND = 100;

/** Fields of /proc/PID/stat after the process's name, which may hold anything, a bracket too. */
const FIELD = { state: 0, parent: 1, group: 2, used: [11, 12, 13, 14], start: 19, residentPages: 21 } as const;

/** What /proc tells of one process. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Processor time of it and of its children that have ended and were waited for. */
  readonly usedTicks: number;
  /** Since the machine's start. */
  readonly startTicks: number;
  readonly residentPages: number;
  /** It has ended and nobody has waited for it yet. Where process 1 doesn't, such are there for ever. */
  readonly zombie: boolean;
}

/** Every process id there is; none where there is no /proc. */
export function processIds(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Undefined when there is no such process. */
export function processEntry(pid: number): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[FIELD.state];
  return {
    pid,
    parent: Number(fields[FIELD.parent]),
    group: Number(fields[FIELD.group]),
    usedTicks: FIELD.used.reduce((sum, field) => sum + Number(fields[field]), 0),
    startTicks: Number(fields[FIELD.start]),
    residentPages: Number(fields[FIELD.residentPages]),
    zombie: state === "Z" || state === "X",
  };
}

/** All processes. */
export function processTable(): ProcessEntry[] {
  return processIds()
    .map(processEntry)
    .filter((entry) => entry !== undefined);
}

/** The id given out last, of processes and threads alike; 0 where it isn't told. */
export function newestProcess(): number {
  try {
    return Number(readFileSync("/proc/loadavg", "latin1").trim().split(" ").at(-1));
  } catch {
    return 0;
  }
}
