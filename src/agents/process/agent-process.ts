import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Duplex, Readable, Writable } from "node:stream";
import type { Exit } from "./exit.js";
import { ProcessGroup, RUN_ID } from "./process-group.js";

/** Output may go on for so long after its process has ended: somebody else holds the pipe then. */
const DRAIN_MS = 1_000;
/** The kernel's first choice when memory runs out: the agent, before the worker. */
const OOM_FIRST = "1000";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment; the run's id is added. */
  readonly environment: Readonly<Record<string, string>>;
  /** A descriptor of the worker's that becomes its descriptor 4. */
  readonly fourth?: number | undefined;
}

/** The process couldn't be started: no memory, no descriptor, no such file. Never the message's fault. */
class StartError extends Error {
  override readonly name = "StartError";
}

/**
 * One child process in a group of its own, with pipes on 0 to 2 and a channel on descriptor 3.
 * Promises that `ended` resolves, and when it does, nothing of it lives and no descriptor of it is open.
 */
export class AgentProcess {
  readonly #child: ChildProcess;
  readonly #group: ProcessGroup;
  readonly #closed: Promise<void>;
  #killTimer: NodeJS.Timeout | undefined;
  /** Resolves when the process has ended and its strays are gone; all output was read by then, or given up. */
  readonly ended: Promise<Exit>;
  /** Processes that had left the group and were killed. */
  strays = 0;

  /** Rejects with a StartError. */
  static async start(command: Command): Promise<AgentProcess> {
    const runId = randomUUID();
    const since = performance.now();
    let child: ChildProcess;
    try {
      child = spawn(command.file, command.args, {
        env: { ...command.environment, [RUN_ID]: runId },
        stdio: ["pipe", "pipe", "pipe", "pipe", ...(command.fourth === undefined ? [] : [command.fourth])],
        detached: true,
        shell: false,
      });
    } catch (error) {
      throw new StartError(`${command.file} can't be started: ${(error as Error).message}`, { cause: error });
    }
    if (child.pid === undefined) {
      const error = await new Promise<Error>((resolve) => child.once("error", resolve));
      for (const stream of child.stdio ?? []) stream?.destroy();
      throw new StartError(`${command.file} can't be started: ${error.message}`, { cause: error });
    }
    return new AgentProcess(child, new ProcessGroup(child.pid, runId, since));
  }

  private constructor(child: ChildProcess, group: ProcessGroup) {
    this.#child = child;
    this.#group = group;
    try {
      writeFileSync(`/proc/${group.leader}/oom_score_adj`, OOM_FIRST);
    } catch {
      // It has ended, or this isn't Linux.
    }
    // An agent need not read its input: writing to one that doesn't, or that has ended, is no fault.
    for (const stream of child.stdio) stream?.on("error", () => {});
    child.on("error", () => {});
    this.#closed = new Promise((resolve) => child.once("close", () => resolve()));
    this.ended = this.#end();
  }

  get pid(): number {
    return this.#group.leader;
  }

  get stdin(): Writable {
    return this.#child.stdin!;
  }

  get stdout(): Readable {
    return this.#child.stdout!;
  }

  get stderr(): Readable {
    return this.#child.stderr!;
  }

  /** Descriptor 3 of the process: both ways. */
  get channel(): Duplex {
    return this.#child.stdio[3] as Duplex;
  }

  /** Asks the whole group to end, and kills it after `graceMs`. Harmless when repeated; the shorter grace counts. */
  kill(graceMs: number): void {
    // Once it was reaped its id may be somebody else's.
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    if (graceMs > 0) this.#group.signal("SIGTERM");
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => this.#group.signal("SIGKILL"), graceMs);
  }

  async #end(): Promise<Exit> {
    const child = this.#child;
    const exit = await new Promise<Exit>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    clearTimeout(this.#killTimer);
    this.strays = await this.#group.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DRAIN_MS);
    });
    await Promise.race([this.#closed, late]);
    clearTimeout(timer);
    for (const stream of child.stdio) stream?.destroy();
    return exit;
  }
}
