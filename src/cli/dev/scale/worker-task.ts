import { type ChildProcess, spawn } from "node:child_process";
import { getPriority, setPriority } from "node:os";
import type { Readable } from "node:stream";
import { type Mark, MarkReader } from "./marks.js";
import type { Task, TaskState } from "./service.js";

/** A task's way to the queue, as whoever has the queue server handles it. */
export interface Network {
  /** Resolves with the endpoint. */
  openWay(task: number): Promise<string>;
  way(task: number, order: "cut" | "mend" | "close"): void;
}

export interface WorkerTaskParts {
  readonly id: number;
  readonly version: number;
  readonly network: Network;
  /** `node` with these starts the worker. */
  readonly args: readonly string[];
  /** Its environment. @param endpoint by which it reaches the queue server. */
  readonly env: (endpoint: string) => Readonly<Record<string, string | undefined>>;
  /** Milliseconds of the machine's until its process is started. */
  readonly startAfterMs: number;
  readonly onMark: (mark: Mark) => void;
  /** A line of its log, parsed. */
  readonly onLine: (line: Readonly<Record<string, unknown>>) => void;
}

/** One task: a worker in a process of its own, with a network that can be cut. */
export class WorkerTask implements Task {
  readonly id: number;
  readonly version: number;
  readonly #parts: WorkerTaskParts;
  #cut = false;
  #state: TaskState = "starting";
  #timer: NodeJS.Timeout | undefined;
  #child: ChildProcess | undefined;
  #frozen = false;
  /** Its last words, where it was no JSON: what Node says of a crash. */
  lastWords = "";

  constructor(parts: WorkerTaskParts) {
    this.id = parts.id;
    this.version = parts.version;
    this.#parts = parts;
    this.#timer = setTimeout(() => void this.#open(), parts.startAfterMs);
  }

  get state(): TaskState {
    return this.#state;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  get cut(): boolean {
    return this.#cut;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  stop(): void {
    if (this.#state !== "starting" && this.#state !== "running") return;
    if (!this.#child) return this.#enter("gone");
    this.#enter("draining");
    this.#child.kill("SIGTERM");
  }

  kill(): void {
    if (this.#child) this.#child.kill("SIGKILL");
    else this.#enter("gone");
  }

  /** Stops the process where it stands, in the middle of whatever it does. */
  freeze(): void {
    this.#frozen = this.#child?.kill("SIGSTOP") ?? false;
  }

  thaw(): void {
    this.#frozen = false;
    this.#child?.kill("SIGCONT");
  }

  /** From now on its calls of the queue hang, until `mendNetwork`. */
  cutNetwork(): void {
    this.#cut = true;
    this.#parts.network.way(this.id, "cut");
  }

  mendNetwork(): void {
    if (this.#state === "gone") return;
    this.#cut = false;
    this.#parts.network.way(this.id, "mend");
  }

  async #open(): Promise<void> {
    const endpoint = await this.#parts.network.openWay(this.id);
    // Stopped meanwhile: nothing is to be started any more.
    if (this.#state === "starting") this.#spawn(endpoint);
  }

  #spawn(endpoint: string): void {
    const { args, env } = this.#parts;
    const child = spawn(process.execPath, args, { env: env(endpoint), stdio: ["ignore", "pipe", "pipe", "pipe"] });
    this.#child = child;
    if (child.pid !== undefined) setPriority(child.pid, Math.min(NICENESS_MAX, getPriority() + NICENESS));
    // A process that can't be started ends without having begun.
    child.once("error", (error) => {
      this.lastWords = error.message;
      this.#enter("gone");
    });
    // After the last of its pipes: what it marked before its end has been read.
    child.once("close", () => this.#enter("gone"));
    eachLine(child.stdout!, (line) => this.#onLine(line));
    eachLine(child.stderr!, (line) => {
      this.lastWords = line;
    });
    const marks = new MarkReader();
    (child.stdio[3] as Readable).setEncoding("utf8").on("data", (text: string) => {
      for (const mark of marks.read(text)) this.#parts.onMark(mark);
    });
  }

  #onLine(text: string): void {
    let line: Readonly<Record<string, unknown>>;
    try {
      line = JSON.parse(text);
    } catch {
      this.lastWords = text;
      return;
    }
    if (line.state === "running" && this.#state === "starting") this.#enter("running");
    this.#parts.onLine(line);
  }

  #enter(state: TaskState): void {
    if (this.#state === "gone" || this.#state === state) return;
    this.#state = state;
    if (state === "gone") {
      clearTimeout(this.#timer);
      this.#parts.network.way(this.id, "close");
    }
  }
}

/** The queue and the driver come first where processors are short: a fleet has processors of its own. */
const NICENESS = 3;
const NICENESS_MAX = 19;

function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line) take(line);
  });
}
