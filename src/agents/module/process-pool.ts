import { availableParallelism } from "node:os";
import type { AgentRole } from "../../pipeline/ports/agent-role.js";
import type { DeclaredUses, Estimates } from "../../pipeline/ports/budget.js";
import type { Ended, Handler, OpenedMessage, Run } from "../../pipeline/ports/handler.js";
import type { Identifier } from "../../pipeline/ports/idempotency.js";
import type { Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { described } from "../../pipeline/ports/thrown.js";
import { askedOf } from "../../tracing/asked.js";
import type { AgentLogs } from "../agent-logs.js";
import { AgentLoadError } from "../load-module.js";
import { agentEnvironment } from "../process/agent-environment.js";
import { EscapeeWatch } from "../process/escapee-watch.js";
import { Launcher } from "../process/launcher.js";
import { type AgentLimits, LimitWatch } from "../process/limit-watch.js";
import { WorkFolders } from "../process/work-folder.js";
import { ModuleProcess } from "./module-process.js";

/** The limits are those of each process and its children; that on processor time counts anew with each message. */
export interface ProcessPoolOptions extends AgentLimits {
  /** The module, as HANDLER names it. */
  readonly path: string;
  /** Most processes that work at once. */
  readonly slots: number;
  /** After so many messages a process is replaced; 1 = a fresh process for each message. */
  readonly runsMax?: number;
  /** A process that has more resident memory than this after a run is replaced. */
  readonly residentBytesMax?: number;
  /** Most descriptors of each process; unset: no limit of ours. */
  readonly openFilesMax?: number | undefined;
  /** Names of the worker's variables that the agent gets besides PATH, HOME, LANG, TZ and RUN_*; `NAME*` for several. */
  readonly passOn?: readonly string[];
  readonly logs: AgentLogs;
  /** The agent's own, where it has one. */
  readonly role?: AgentRole | undefined;
  /** The worker's environment; `process.env` if unset. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const RUNS_MAX = 10_000;
const MIB = 2 ** 20;
const RESIDENT_BYTES_MAX = 512 * MIB;
/** Of a limit on memory: where a process is replaced between two messages, and where V8's heap ends, with a clear error. */
const REPLACE_SHARE = 0.8;
const HEAP_SHARE = 0.75;

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
  readonly #limits: LimitWatch;
  readonly #launcher: Launcher;
  readonly #escapees: EscapeeWatch;
  readonly #residentBytesMax: number;
  readonly #idle: ModuleProcess[] = [];
  readonly #all = new Set<ModuleProcess>();
  readonly #waiting: Waiter[] = [];
  readonly #starts = new Set<Promise<void>>();
  readonly #stopAsked = new AbortController();
  readonly #traced: boolean;
  #busy = 0;
  #decodes = false;
  #uses: DeclaredUses | undefined;

  constructor(options: ProcessPoolOptions) {
    this.#options = options;
    const { environment = process.env, passOn = [] } = options;
    this.#environment = agentEnvironment(environment, passOn);
    this.#traced = askedOf(environment).traces;
    const { memoryBytesMax, openFilesMax, logs } = options;
    this.#limits = new LimitWatch(options);
    this.#launcher = new Launcher({ openFilesMax });
    this.#escapees = new EscapeeWatch(logs.own);
    this.#residentBytesMax =
      options.residentBytesMax ?? (memoryBytesMax === undefined ? RESIDENT_BYTES_MAX : memoryBytesMax * REPLACE_SHARE);
  }

  /** Resolves when a first process has loaded the module; rejects with an AgentLoadError if none can. */
  async start(signal?: AbortSignal): Promise<void> {
    await this.#launcher.check();
    try {
      await this.#folders.open();
    } catch (error) {
      throw new AgentLoadError(
        `ISOLATION needs a place for work folders: set TMPDIR to one that can be written (${(error as Error).message})`,
        { cause: error },
      );
    }
    this.#escapees.start();
    const stopped = new Promise<undefined>((resolve) => signal?.addEventListener("abort", () => resolve(undefined)));
    const first = await Promise.race([this.#take(), stopped]);
    this.#uses = first?.uses;
    if (first) this.#offer(first);
  }

  get uses(): DeclaredUses | undefined {
    return this.#uses;
  }

  /** In a process that works on one message alone nothing can be asked of it before: there it waits in its slot. */
  get #askedFirst(): boolean {
    return this.#options.runsMax !== 1;
  }

  async estimate(message: ReceivedMessage): Promise<{ readonly estimates: Estimates } | Ended> {
    const process = await this.#begin();
    if (!(process instanceof ModuleProcess)) return process;
    return this.#through(process, process.estimate(message));
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    const process = await this.#begin();
    if (!(process instanceof ModuleProcess)) return process.ended;
    return this.#through(process, process.run(message, run));
  }

  /** The process that has opened a message is kept for its run. */
  open(message: ReceivedMessage, run: Run, identifier: Identifier): Promise<OpenedMessage | Ended> | undefined {
    return this.#decodes ? this.#open(message, run, identifier) : undefined;
  }

  async #open(message: ReceivedMessage, run: Run, identifier: Identifier): Promise<OpenedMessage | Ended> {
    const process = await this.#begin();
    if (!(process instanceof ModuleProcess)) return process;
    const opened = await process.open(message, run, identifier);
    if ("ended" in opened) return this.#through(process, Promise.resolve(opened));
    return {
      identity: opened.identity,
      run: (claimed) => this.#through(process, opened.run(claimed)),
      drop: () => this.#through(process, opened.drop()),
    };
  }

  /** A process for a message, to be given back by `#through`. */
  async #begin(): Promise<ModuleProcess | Ended> {
    this.#busy++;
    try {
      return await this.#take();
    } catch (error) {
      this.#ended();
      return { ended: { kind: "defer", reason: `no process for the agent: ${described(error).message}` } };
    }
  }

  async #through<Result>(process: ModuleProcess, end: Promise<Result>): Promise<Result> {
    try {
      const result = await end;
      await this.#giveBack(process);
      return result;
    } finally {
      this.#ended();
    }
  }

  #ended(): void {
    this.#busy--;
    this.#refill();
  }

  async stop(): Promise<void> {
    this.#stopAsked.abort();
    await Promise.all([...this.#starts, ...[...this.#all].map((process) => process.retire())]);
    this.#escapees.stop();
    await this.#folders.close();
    this.#options.role?.close();
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
    const { runsMax = RUNS_MAX } = this.#options;
    if (!process.alive) await process.ended;
    else if (process.runs >= runsMax || process.residentBytes > this.#residentBytesMax) await process.retire();
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
    const spares = runsMax === 1 ? Math.min(slots, availableParallelism()) : this.#busy < slots ? 1 : 0;
    return this.#waiting.length + spares - this.#idle.length - this.#starts.size;
  }

  /** Never rejects: who waits for the process is told. */
  async #startOne(): Promise<void> {
    const { path, memoryBytesMax, logs, role } = this.#options;
    const { signal } = this.#stopAsked;
    try {
      const process = await ModuleProcess.start({
        path,
        environment: this.#environment,
        folder: this.#folders.make(),
        ...(memoryBytesMax === undefined ? {} : { heapMiBMax: Math.floor((memoryBytesMax / MIB) * HEAP_SHARE) }),
        limits: this.#limits,
        launcher: this.#launcher,
        logs,
        role,
        traced: this.#traced,
        askedFirst: this.#askedFirst,
        signal,
      });
      this.#decodes = process.decodes;
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
