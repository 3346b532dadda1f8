import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { type Mark, MarkReader } from "./marks.js";
import type { Task, TaskState } from "./service.js";
import { TaskNetwork } from "./task-network.js";

export interface WorkerTaskParts {
  readonly id: number;
  readonly version: number;
  /** Of the queue server, to which the task's network leads. */
  readonly queueEndpoint: string;
  /** `node` with these starts the worker. */
  readonly args: readonly string[];
  /** Its environment. @param endpoint by which it reaches the queue server. */
  readonly env: (endpoint: string) => Readonly<Record<string, string | undefined>>;
  /** Milliseconds of the machine's until its process is started. */
  readonly startAfterMs: number;
  readonly onMark: (mark: Mark) => void;
  /** A line of its log, parsed. */
  readonly onLine: (line: Readonly<Record<string, unknown>>) => void;
  readonly onState: (state: TaskState) => void;
}

/** One task: a worker in a process of its own, with a network that can be cut. */
export class WorkerTask implements Task {
  readonly id: number;
  readonly version: number;
  readonly #parts: WorkerTaskParts;
  #network: TaskNetwork | undefined;
  #state: TaskState = "starting";
  #timer: NodeJS.Timeout | undefined;
  #child: ChildProcess | undefined;
  #frozen = false;
  /** Its last words, where it was no JSON: what Node says of a crash. */
  lastWords = "";
  /** When its process was started, milliseconds of the machine's monotonic clock. */
  spawnedAt: number | undefined;

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
    return this.#network?.isCut ?? false;
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
    this.#network?.cut();
  }

  mendNetwork(): void {
    this.#network?.mend();
  }

  async #open(): Promise<void> {
    const network = await TaskNetwork.open(this.#parts.queueEndpoint);
    // Stopped meanwhile.
    if (this.#state !== "starting") return network.close();
    this.#network = network;
    this.#spawn(network.endpoint);
  }

  #spawn(endpoint: string): void {
    const { args, env } = this.#parts;
    this.spawnedAt = performance.now();
    const child = spawn(process.execPath, args, { env: env(endpoint), stdio: ["ignore", "pipe", "pipe", "pipe"] });
    this.#child = child;
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
      this.#network?.close();
    }
    this.#parts.onState(state);
  }
}

function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line) take(line);
  });
}
