import { readdirSync, readFileSync } from "node:fs";

const LOOK_MS = 500;
/** Fields of /proc/PID/stat after the process's name. */
const GROUP = 2;
const RESIDENT_PAGES = 21;

/**
 * Tells of process groups that hold more resident memory than they may, all their processes together; memory that these
 * share counts for each. One look twice a second serves all groups, so it costs what there are processes and no more.
 */
export class MemoryWatch {
  readonly #watched = new Map<number, () => void>();
  #timer: NodeJS.Timeout | undefined;
  #pageBytes = 0;

  constructor(readonly bytesMax: number) {}

  /**
   * Watches the group of a leader until the returned function is called.
   * @param onOver called at each look that finds it over the limit.
   */
  watch(leader: number, onOver: () => void): () => void {
    this.#watched.set(leader, onOver);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    return () => {
      this.#watched.delete(leader);
      if (this.#watched.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #look(): void {
    const pages = new Map<number, number>();
    for (const name of processes()) {
      const fields = statOf(name);
      if (fields === undefined) continue;
      const group = Number(fields[GROUP]);
      if (this.#watched.has(group)) pages.set(group, (pages.get(group) ?? 0) + Number(fields[RESIDENT_PAGES]));
    }
    for (const [group, count] of pages) {
      if (count * this.#bytesOfPage() > this.bytesMax) this.#watched.get(group)?.();
    }
  }

  /** 4 KiB mostly, but some ARM kernels have larger ones; Node knows its own size in bytes, and /proc in pages. */
  #bytesOfPage(): number {
    if (this.#pageBytes === 0) {
      const pages = Number(statOf("self")?.[RESIDENT_PAGES]);
      this.#pageBytes = 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages)) || 4096;
    }
    return this.#pageBytes;
  }
}

function processes(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function statOf(name: string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
