import { availableParallelism } from "node:os";
import type { ModuleProcess } from "./module-process.js";

export interface ProcessStockOptions {
  /** Most processes that work at once. */
  readonly slots: number;
  /** After so many messages a process is replaced; 1 = a fresh process for each message. */
  readonly runsMax: number;
  /** A process that has more resident memory than this after a run is replaced. */
  readonly residentBytesMax: number;
  /** Starts one; the signal ends the start when it aborts. */
  readonly start: (signal: AbortSignal) => Promise<ModuleProcess>;
}

interface Waiter {
  readonly resolve: (process: ModuleProcess) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A module's processes, each lent for one message at a time and replaced when it is used up. They are started ahead of
 * need: one while there are slots for it, or, when each is used once, as many as there are processors.
 */
export class ProcessStock {
  readonly #options: ProcessStockOptions;
  readonly #idle: ModuleProcess[] = [];
  readonly #all = new Set<ModuleProcess>();
  readonly #waiting: Waiter[] = [];
  readonly #starts = new Set<Promise<void>>();
  readonly #stopAsked = new AbortController();
  #lent = 0;

  constructor(options: ProcessStockOptions) {
    this.#options = options;
  }

  /** One that is fit for work, which stays here. Rejects as a start does. */
  async first(): Promise<ModuleProcess> {
    const process = await this.#take();
    this.#offer(process);
    return process;
  }

  /** One for a message, to be given back by `backAfter`. Rejects as a start does. */
  async lend(): Promise<ModuleProcess> {
    this.#lent++;
    try {
      return await this.#take();
    } catch (error) {
      this.#back();
      throw error;
    }
  }

  /** Resolves as `end` does, when the process is back; one that was used up has ended then. */
  async backAfter<Result>(process: ModuleProcess, end: Promise<Result>): Promise<Result> {
    try {
      const result = await end;
      await this.#giveBack(process);
      return result;
    } finally {
      this.#back();
    }
  }

  /** Resolves when every process has ended. */
  async stop(): Promise<void> {
    this.#stopAsked.abort();
    await Promise.all([...this.#starts, ...[...this.#all].map((process) => process.retire())]);
  }

  #back(): void {
    this.#lent--;
    this.#refill();
  }

  async #take(): Promise<ModuleProcess> {
    for (let process = this.#idle.pop(); process; process = this.#idle.pop()) {
      if (process.alive) {
        this.#refill();
        return process;
      }
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#refill();
    });
  }

  async #giveBack(process: ModuleProcess): Promise<void> {
    const { runsMax, residentBytesMax } = this.#options;
    if (!process.alive) await process.ended;
    else if (process.runs >= runsMax || process.residentBytes > residentBytesMax) await process.retire();
    else this.#offer(process);
  }

  #forget(process: ModuleProcess): void {
    this.#all.delete(process);
    const index = this.#idle.indexOf(process);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  #offer(process: ModuleProcess): void {
    const waiter = this.#waiting.shift();
    if (waiter) waiter.resolve(process);
    else this.#idle.push(process);
  }

  /** Starts what is missing: one for each that waits, and the spares; no more at once than there are processors. */
  #refill(): void {
    while (this.#starts.size < availableParallelism() && this.#missing() > 0 && !this.#stopAsked.signal.aborted) {
      const start: Promise<void> = this.#startOne().finally(() => {
        this.#starts.delete(start);
        if (this.#waiting.length > 0) this.#refill();
      });
      this.#starts.add(start);
    }
  }

  #missing(): number {
    const { runsMax, slots } = this.#options;
    const spares = runsMax === 1 ? Math.min(slots, availableParallelism()) : this.#lent < slots ? 1 : 0;
    return this.#waiting.length + spares - this.#idle.length - this.#starts.size;
  }

  /** Never rejects: who waits for the process is told. */
  async #startOne(): Promise<void> {
    const { signal } = this.#stopAsked;
    try {
      const process = await this.#options.start(signal);
      this.#all.add(process);
      void process.ended.then(() => this.#forget(process));
      if (signal.aborted) await process.retire();
      else this.#offer(process);
    } catch (error) {
      // Without anybody who waits the next message will tell.
      this.#waiting.shift()?.reject(error);
    }
  }
}
