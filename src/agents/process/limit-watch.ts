import { familiesOf } from "./families.js";
import { type ProcessEntry, processEntry, processTable, TICKS_PER_SECOND } from "./process-table.js";
import type { WorkFolder } from "./work-folder.js";

/** What all processes of an agent together may take. What is unset has no limit of ours. */
export interface AgentLimits {
  /** Most resident memory, in bytes; what processes share counts for each. */
  readonly memoryBytesMax?: number | undefined;
  /** Most processor time for one message, in seconds. */
  readonly cpuSecondsMax?: number | undefined;
  /** Most bytes in the work folder. */
  readonly workBytesMax?: number | undefined;
}

/** Who is watched: a process group and what that has started, by the id of its leader, and its work folder. */
export interface Watched {
  readonly leader: number;
  readonly folder?: WorkFolder;
  /** Its processor time counts from `begin` on: what it takes to be made ready is no message's. */
  readonly fromBegin?: boolean;
  /** Called at each look that finds it over a limit, with what it did: "it used more memory than 64 MiB". */
  onOver(excess: string): void;
}

const LOOK_MS = 500;
/** A walk through a folder costs more than a look at processes: it is done at each fourth. */
const LOOKS_A_WALK = 4;
const MIB = 2 ** 20;

/** Processor time as it adds up from look to look. */
interface Meter {
  usedTicks: number;
  /** The group's sum at the look before; undefined before the first after a new message. */
  lastTicks: number | undefined;
}

/**
 * Tells of agents that take more than they may. One look at /proc twice a second serves all of them, so it costs what
 * there are processes and no more; work folders are looked through every two seconds. A limit can be exceeded that long.
 */
export class LimitWatch {
  readonly #limits: AgentLimits;
  readonly #watched = new Map<Watched, Meter>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;
  #walking = false;
  #pageBytes = 0;

  constructor(limits: AgentLimits) {
    this.#limits = limits;
  }

  /** Watches a group, which has just been started, until the returned function is called. */
  watch(watched: Watched): () => void {
    this.#watched.set(watched, { usedTicks: watched.fromBegin ? Number.NEGATIVE_INFINITY : 0, lastTicks: 0 });
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  /** A message: its processor time counts from the next look on. */
  begin(watched: Watched): void {
    const meter = this.#watched.get(watched);
    if (!meter) return;
    meter.usedTicks = 0;
    meter.lastTicks = undefined;
  }

  #look(): void {
    const { memoryBytesMax, cpuSecondsMax, workBytesMax } = this.#limits;
    if (memoryBytesMax !== undefined || cpuSecondsMax !== undefined) this.#lookAtProcesses();
    if (workBytesMax !== undefined && this.#looks++ % LOOKS_A_WALK === LOOKS_A_WALK - 1) {
      void this.#walk(workBytesMax);
    }
  }

  #lookAtProcesses(): void {
    const { memoryBytesMax = Number.POSITIVE_INFINITY, cpuSecondsMax = Number.POSITIVE_INFINITY } = this.#limits;
    const leaders = new Set([...this.#watched.keys()].map(({ leader }) => leader));
    const families = familiesOf(processTable(), leaders);
    for (const [watched, meter] of this.#watched) {
      const family = families.get(watched.leader) ?? [];
      const used = addUp(meter, sum(family, "usedTicks")) / TICKS_PER_SECOND;
      if (sum(family, "residentPages") * this.#bytesOfPage() > memoryBytesMax) {
        watched.onOver(`it used more memory than ${Math.round(memoryBytesMax / MIB)} MiB`);
      } else if (used > cpuSecondsMax) {
        watched.onOver(`it used more processor time than ${cpuSecondsMax} s`);
      }
    }
  }

  /** One folder after the other, and never twice at the same time: a disk has only so much to give. */
  async #walk(bytesMax: number): Promise<void> {
    if (this.#walking) return;
    this.#walking = true;
    for (const watched of [...this.#watched.keys()]) {
      if (watched.folder && this.#watched.has(watched) && (await watched.folder.size()) > bytesMax) {
        // It may have ended while we looked.
        if (this.#watched.has(watched)) watched.onOver(`its work folder grew beyond ${Math.round(bytesMax / MIB)} MiB`);
      }
    }
    this.#walking = false;
  }

  /** 4 KiB mostly, but some ARM kernels have larger ones; Node knows its own size in bytes, and /proc in pages. */
  #bytesOfPage(): number {
    if (this.#pageBytes === 0) {
      const { residentPages = 0 } = processEntry(process.pid) ?? {};
      this.#pageBytes = 2 ** Math.round(Math.log2(process.memoryUsage.rss() / residentPages)) || 4096;
    }
    return this.#pageBytes;
  }
}

/**
 * What was used in all. A family's sum falls when a process of it ends that nobody of it waits for, as with one
 * whose parent has ended: what it used has been used all the same.
 */
function addUp(meter: Meter, ticks: number): number {
  meter.usedTicks += Math.max(0, ticks - (meter.lastTicks ?? ticks));
  meter.lastTicks = ticks;
  return meter.usedTicks;
}

function sum(entries: readonly ProcessEntry[], field: "usedTicks" | "residentPages"): number {
  return entries.reduce((total, entry) => total + entry[field], 0);
}
