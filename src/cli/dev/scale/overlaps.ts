/** One run of an agent; without an end while it lasts. Epoch milliseconds of the fleet's clock. */
interface Run {
  readonly task: number;
  readonly startedMs: number;
  endedMs: number;
}

/** Marks come by a pipe for each task: one that was told earlier may be read this much later, in the fleet's time. */
const LATE_MS = 120_000;

/**
 * Finds messages that two tasks worked on at the same moment, by the moments that agents marked. Where one of the two
 * had been frozen for longer than its lease that is counted apart: what is frozen can't be told to stop.
 */
export class Overlaps {
  /** Found, and nothing excuses them: two agents had the same message. */
  count = 0;
  /** One of the two was frozen past its lease. */
  excused = 0;
  readonly #runs = new Map<number, Run[]>();

  constructor(private readonly frozen: (task: number, fromMs: number, untilMs: number) => boolean) {}

  /** Agents that run at this moment. */
  get running(): number {
    let count = 0;
    for (const runs of this.#runs.values()) for (const run of runs) if (run.endedMs === Infinity) count++;
    return count;
  }

  started(n: number, task: number, wallMs: number): void {
    const run = { task, startedMs: wallMs, endedMs: Number.POSITIVE_INFINITY };
    const runs = this.#runs.get(n);
    if (runs) runs.push(run);
    else this.#runs.set(n, [run]);
  }

  ended(n: number, task: number, wallMs: number): void {
    const runs = this.#runs.get(n);
    const run = runs?.find((each) => each.task === task && each.endedMs === Number.POSITIVE_INFINITY);
    if (run) this.#end(n, run, wallMs);
  }

  /** A task's process is gone, and with it what ran in it. */
  taskEnded(task: number, wallMs: number): void {
    for (const [n, runs] of this.#runs) {
      for (const run of runs) {
        if (run.task === task && run.endedMs === Number.POSITIVE_INFINITY) this.#end(n, run, wallMs);
      }
    }
  }

  /** Forgets runs that nothing can overlap any more. */
  forget(nowMs: number): void {
    for (const [n, runs] of this.#runs) {
      if (runs.every(({ endedMs }) => endedMs < nowMs - LATE_MS)) this.#runs.delete(n);
    }
  }

  /** Each pair is counted when the first of the two has ended and the other one is known, or has ended itself. */
  #end(n: number, run: Run, wallMs: number): void {
    run.endedMs = wallMs;
    for (const other of this.#runs.get(n)!) {
      if (other === run || other.endedMs === Number.POSITIVE_INFINITY) continue;
      if (other.startedMs < run.endedMs && run.startedMs < other.endedMs) this.#found(run, other);
    }
  }

  #found(...pair: [Run, Run]): void {
    const excused = pair.some(({ task, startedMs, endedMs }) => this.frozen(task, startedMs, endedMs));
    if (excused) this.excused++;
    else this.count++;
  }
}
