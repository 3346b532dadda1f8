import { availableParallelism } from "node:os";
import type { Handler, Run } from "../pipeline/handler.js";
import type { Outcome } from "../pipeline/outcome.js";
import type { ReceivedMessage } from "../pipeline/queue.js";
import { agentEnvironment } from "./agent-environment.js";
import type { AgentLogs } from "./agent-logs.js";
import { AgentLoadError } from "./load-module.js";
import { ModuleProcess } from "./module-process.js";
import { WorkFolders } from "./work-folder.js";

export interface ProcessPoolOptions {
  /** The module, as HANDLER names it. */
  readonly path: string;
  /** Most processes that work at once. */
  readonly slots: number;
  /** After so many messages a process is replaced; 1 = a fresh process for each message. */
  readonly runsMax?: number;
  /** A process that has more resident memory than this after a run is replaced. */
  readonly residentBytesMax?: number;
  /** V8's limit on the old space of each process, in MiB. */
  readonly heapMiBMax?: number;
  /** Names of the worker's variables that the agent gets besides PATH, HOME, LANG, TZ and RUN_*; `NAME*` for several. */
  readonly passOn?: readonly string[];
  readonly logs: AgentLogs;
  /** The worker's environment; `process.env` if unset. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const RUNS_MAX = 10_000;
const RESIDENT_BYTES_MAX = 512 * 2 ** 20;

interface Waiter {
  readonly resolve: (process: ModuleProcess) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs a module agent in processes of its own, each with one message at a time. A crash, an endless loop, an exhausted
 * heap costs that message's attempt and no other's. Processes are started ahead of need: one while there are slots for
 * it, or, when each is used once, as many as there are processors.
 */
export class ProcessPool implements Handler {
  readonly #options: ProcessPoolOptions;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #folders = new WorkFolders();
  readonly #idle: ModuleProcess[] = [];
  readonly #all = new Set<ModuleProcess>();
  readonly #waiting: Waiter[] = [];
  #starting = 0;
  #busy = 0;
  #stopped = false;

  constructor(options: ProcessPoolOptions) {
    this.#options = options;
    this.#environment = agentEnvironment(options.environment ?? process.env, options.passOn ?? []);
  }

  /** Resolves when a first process has loaded the module; rejects with an AgentLoadError if none can. */
  async start(): Promise<void> {
    try {
      await this.#folders.open();
    } catch (error) {
      throw new AgentLoadError(
        `ISOLATION needs a place for work folders: set TMPDIR to one that can be written (${(error as Error).message})`,
        { cause: error },
      );
    }
    this.#idle.push(await this.#take());
    this.#refill();
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    this.#busy++;
    try {
      const process = await this.#take();
      const outcome = await process.run(message, run);
      await this.#giveBack(process);
      return outcome;
    } catch (error) {
      return { kind: "defer", reason: `no process for the agent: ${(error as Error).message}` };
    } finally {
      this.#busy--;
      this.#refill();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#all].map((process) => process.retire()));
    await this.#folders.close();
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

  /** A process that was used up has ended before its slot is given away. */
  async #giveBack(process: ModuleProcess): Promise<void> {
    const { runsMax = RUNS_MAX, residentBytesMax = RESIDENT_BYTES_MAX } = this.#options;
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
    while (!this.#stopped && this.#starting < availableParallelism() && this.#missing() > 0) void this.#startOne();
  }

  #missing(): number {
    const { runsMax, slots } = this.#options;
    const spares = runsMax === 1 ? Math.min(slots, availableParallelism()) : this.#busy < slots ? 1 : 0;
    return this.#waiting.length + spares - this.#idle.length - this.#starting;
  }

  async #startOne(): Promise<void> {
    this.#starting++;
    try {
      const { path, heapMiBMax, logs } = this.#options;
      const process = await ModuleProcess.start({
        path,
        environment: this.#environment,
        folder: this.#folders.make(),
        ...(heapMiBMax === undefined ? {} : { heapMiBMax }),
        logs,
      });
      this.#all.add(process);
      void process.ended.then(() => this.#forget(process));
      if (this.#stopped) void process.retire();
      else this.#offer(process);
    } catch (error) {
      // Without anybody who waits the next message will tell.
      this.#waiting.shift()?.reject(error);
    } finally {
      this.#starting--;
      if (this.#waiting.length > 0) this.#refill();
    }
  }
}
