import type { ConsoleEvent, FleetRow, Now } from "./api.js";
import { shown } from "./shown.js";

export interface FleetWorkerParts {
  /** Its page's address. */
  readonly target: string;
  /** The JSON at an address; rejects where it isn't to be had. */
  readonly ask: (url: string) => Promise<unknown>;
  /** Told of each event once, oldest first. */
  readonly onEvent: (event: ConsoleEvent) => void;
}

/** One worker of a fleet, as its page last answered. */
export class FleetWorker {
  readonly #parts: FleetWorkerParts;
  #now: Now | undefined;
  /** What the newest step is counted from: the same as `now` until there is a newer answer. */
  #before: Now | undefined;
  #trouble: string | undefined;
  #newestEvent = 0;
  #asking = false;

  constructor(parts: FleetWorkerParts) {
    this.#parts = parts;
  }

  /** Undefined: it doesn't answer, or hasn't yet. */
  get now(): Now | undefined {
    return this.#now;
  }

  /** Why it can't be shown. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  get row(): FleetRow {
    return {
      target: this.#parts.target,
      ...(this.#trouble !== undefined && { trouble: this.#trouble }),
      ...(this.#now && rowOf(this.#now)),
    };
  }

  /** Asks it anew, unless its answer is still awaited. Never rejects. */
  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { target, ask } = this.#parts;
    try {
      const now = (await ask(`${target}/api/now`)) as Now;
      if (typeof now?.queueName !== "string") throw new Error("it is no queuehand's page");
      // Another worker at the same address counts anew.
      if (this.#now?.startedAt !== now.startedAt) {
        this.#before = now;
        this.#newestEvent = 0;
      }
      this.#now = now;
      this.#trouble = undefined;
      this.#tell(now.events);
    } catch (error) {
      this.#now = this.#before = undefined;
      this.#trouble = shown((error as Error).message);
    } finally {
      this.#asking = false;
    }
  }

  /** By how much a count has grown in the newest step. */
  grown(value: (now: Now) => number): number {
    return this.#now && this.#before ? Math.max(0, value(this.#now) - value(this.#before)) : 0;
  }

  /** The newest step ends here. */
  endStep(): void {
    this.#before = this.#now;
  }

  #tell(events: readonly ConsoleEvent[]): void {
    for (const event of events) {
      if (event.number <= this.#newestEvent) continue;
      this.#newestEvent = event.number;
      this.#parts.onEvent(event);
    }
  }
}

function rowOf({ queueName, worker, now, startedAt, notReady, ...figures }: Now): Omit<FleetRow, "target" | "trouble"> {
  const { handledPerSecond, failuresPerMinute, successRate, firstTryMs } = figures;
  return {
    queueName,
    state: worker.state,
    ready: notReady.length === 0,
    busy: worker.busy,
    slots: worker.slots,
    upSeconds: Math.round((now - startedAt) / 1_000),
    handledPerSecond,
    failuresPerMinute,
    ...(successRate !== undefined && { successRate }),
    ...(firstTryMs && { firstTryMs }),
  };
}
