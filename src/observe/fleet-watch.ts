import { type Clock, sleep } from "../pipeline/ports/clock.js";
import { untilAborted, withDeadline } from "../pipeline/ports/deadline.js";
import type { CountedQueue } from "../pipeline/ports/metrics.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import type { FleetEstimate } from "./fleet-estimate.js";

const ANSWER_WITHIN_MS = 3_000;
/** The first looks, after the start: each task's share of a budget depends on what they tell. */
const FIRST_LOOKS_MS = [0, 300, 700, 1_000, 2_000, 4_000] as const;
const LOOK_EVERY_MS = { told: 10_000, estimated: 3_000, unknown: 300 };
/**
 * Until a look has told: a task that believes itself alone would take all of a budget, and several that start together
 * several times as much. What is taken meanwhile is what the next look tells by.
 */
const ASSUMED_TASKS = 20;

export interface FleetWatchParts {
  readonly estimate: FleetEstimate;
  /** Looked at where nobody tells the fleet. */
  readonly queue: CountedQueue;
  readonly status: () => WorkerStatus;
  readonly clock: Clock;
  /** Whether publishers keep the estimate: then it is only read, after the first looks. */
  readonly kept: boolean;
  /**
   * Told after each look how many tasks there are, those that are starting or ending included, and whether that is a guess;
   * Infinity before the first one: nothing is anybody's then.
   */
  readonly onTasks: (tasks: number, isGuess: boolean) => void;
}

/**
 * Tells whoever shares something with the fleet how large it is: often after the start, then every ten seconds, or three where
 * nobody tells it.
 */
export class FleetWatch {
  readonly #parts: FleetWatchParts;
  readonly #stopped = new AbortController();
  #running = false;

  constructor(parts: FleetWatchParts) {
    this.#parts = parts;
    parts.onTasks(Number.POSITIVE_INFINITY, true);
  }

  /** Harmless twice. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { clock, kept, estimate } = this.#parts;
    const { signal } = this.#stopped;
    for (const ms of FIRST_LOOKS_MS) {
      if (ms > 0) await sleep(clock, ms, signal);
      await this.#look(true);
    }
    while (!signal.aborted) {
      const { isTold, divisor } = estimate;
      const isUnknown = divisor === undefined;
      const every = isTold ? LOOK_EVERY_MS.told : isUnknown ? LOOK_EVERY_MS.unknown : LOOK_EVERY_MS.estimated;
      await sleep(clock, every, signal);
      // Who holds nothing learns nothing.
      if (isUnknown && this.#held === 0) continue;
      await this.#look(!(kept && isTold));
    }
  }

  async #look(asks: boolean): Promise<void> {
    const { estimate, onTasks } = this.#parts;
    if (this.#stopped.signal.aborted) return;
    if (asks) await this.#ask();
    onTasks(estimate.divisor ?? ASSUMED_TASKS, estimate.divisor === undefined);
  }

  /** Messages in flight that this task holds. */
  get #held(): number {
    const { busy, buffered, heldBack = 0, settling } = this.#parts.status();
    return busy + buffered + heldBack + settling;
  }

  async #ask(): Promise<void> {
    const { estimate, queue, clock } = this.#parts;
    const { signal } = this.#stopped;
    estimate.sawOwn(this.#held);
    if (await estimate.ask(signal)) return;
    try {
      const read = (within: AbortSignal) => untilAborted(queue.counts(within), within);
      estimate.sawQueue(await withDeadline(clock, ANSWER_WITHIN_MS, signal, read));
    } catch {
      // The last estimate serves until the next look.
    }
  }
}
