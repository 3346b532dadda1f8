import type { AgentRole } from "../../pipeline/ports/agent-role.js";
import type { DeclaredUses } from "../../pipeline/ports/budget.js";
import type { Ended, Estimated, Handler, OpenedMessage, Run } from "../../pipeline/ports/handler.js";
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
import { ProcessStock } from "./process-stock.js";

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

/**
 * Runs a module agent in processes of its own, each with one message at a time. A crash, an endless loop, an exhausted
 * heap costs that message's attempt and no other's.
 */
export class ProcessPool implements Handler {
  readonly #options: ProcessPoolOptions;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #folders = new WorkFolders();
  readonly #limits: LimitWatch;
  readonly #launcher: Launcher;
  readonly #escapees: EscapeeWatch;
  readonly #stock: ProcessStock;
  readonly #traced: boolean;
  #decodes = false;
  #uses: DeclaredUses | undefined;

  constructor(options: ProcessPoolOptions) {
    this.#options = options;
    const { environment = process.env, passOn = [] } = options;
    this.#environment = agentEnvironment(environment, passOn);
    this.#traced = askedOf(environment).traces;
    const { slots, runsMax = RUNS_MAX, memoryBytesMax, openFilesMax, logs } = options;
    this.#limits = new LimitWatch(options);
    this.#launcher = new Launcher({ openFilesMax });
    this.#escapees = new EscapeeWatch(logs.own);
    const residentBytesMax =
      options.residentBytesMax ?? (memoryBytesMax === undefined ? RESIDENT_BYTES_MAX : memoryBytesMax * REPLACE_SHARE);
    this.#stock = new ProcessStock({ slots, runsMax, residentBytesMax, start: (signal) => this.#startOne(signal) });
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
    const first = await Promise.race([this.#stock.first(), stopped]);
    this.#uses = first?.uses;
  }

  get uses(): DeclaredUses | undefined {
    return this.#uses;
  }

  /** In a process that works on one message alone nothing can be asked of it before: there it waits in its slot. */
  get #askedFirst(): boolean {
    return this.#options.runsMax !== 1;
  }

  async estimate(message: ReceivedMessage): Promise<Estimated> {
    const process = await this.#lent();
    if (!(process instanceof ModuleProcess)) return process;
    return this.#stock.backAfter(process, process.estimate(message));
  }

  async run(message: ReceivedMessage, run: Run): Promise<Outcome> {
    const process = await this.#lent();
    if (!(process instanceof ModuleProcess)) return process.ended;
    return this.#stock.backAfter(process, process.run(message, run));
  }

  /** The process that has opened a message is kept for its run. */
  open(message: ReceivedMessage, run: Run, identifier: Identifier): Promise<OpenedMessage | Ended> | undefined {
    return this.#decodes ? this.#open(message, run, identifier) : undefined;
  }

  async #open(message: ReceivedMessage, run: Run, identifier: Identifier): Promise<OpenedMessage | Ended> {
    const process = await this.#lent();
    if (!(process instanceof ModuleProcess)) return process;
    const opened = await process.open(message, run, identifier);
    if ("ended" in opened) return this.#stock.backAfter(process, Promise.resolve(opened));
    return {
      identity: opened.identity,
      run: (claimed) => this.#stock.backAfter(process, opened.run(claimed)),
      drop: () => this.#stock.backAfter(process, opened.drop()),
    };
  }

  async #lent(): Promise<ModuleProcess | Ended> {
    try {
      return await this.#stock.lend();
    } catch (error) {
      return { ended: { kind: "defer", reason: `no process for the agent: ${described(error).message}` } };
    }
  }

  async stop(): Promise<void> {
    await this.#stock.stop();
    this.#escapees.stop();
    await this.#folders.close();
    this.#options.role?.close();
  }

  async #startOne(signal: AbortSignal): Promise<ModuleProcess> {
    const { path, memoryBytesMax, logs, role } = this.#options;
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
    return process;
  }
}
