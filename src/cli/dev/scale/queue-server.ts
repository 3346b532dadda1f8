import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ownFile } from "../../../package/own-files.js";
import { ExitCode } from "../../exit-code.js";
import { CommandError } from "../../failure.js";
import type { FleetClock } from "./fleet-clock.js";
import type { QueueServerMessage, WayOrder } from "./way-message.js";

/** Loaded first into every process that lives by the fleet's clock. */
export const warpModule = () => ownFile("cli/dev/scale/time-warp.js").href;

/** The queue server in a process of its own. */
export class QueueServer {
  readonly #opening = new Map<number, (port: number) => void>();

  private constructor(
    readonly endpoint: string,
    private readonly child: ChildProcess,
  ) {
    child.on("message", (told: QueueServerMessage) => {
      if (!("task" in told)) return;
      this.#opening.get(told.task)?.(told.port);
      this.#opening.delete(told.task);
    });
  }

  /**
   * @param port 0 = any free one.
   * @throws CommandError when fauxqs isn't installed or the port can't be had.
   */
  static async start(port: number, clock: FleetClock): Promise<QueueServer> {
    const child = fork(fileURLToPath(ownFile("cli/dev/scale/queue-process.js")), [String(port)], {
      execArgv: ["--import", warpModule()],
      env: { ...process.env, ...clock.environment },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let words = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-2_000);
    });
    const endpoint = await new Promise<string>((resolve, reject) => {
      child.once("message", (told: { endpoint: string }) => resolve(told.endpoint));
      child.once("close", () => reject(cannotStart(words, port)));
    });
    return new QueueServer(endpoint, child);
  }

  /** Opens a task's own way to the server, which can be cut. Resolves with its endpoint. */
  async openWay(task: number): Promise<string> {
    const port = await new Promise<number>((resolve) => {
      this.#opening.set(task, resolve);
      this.way(task, "open");
    });
    return Object.assign(new URL(this.endpoint), { port }).origin;
  }

  /** Does something to a task's way. */
  way(task: number, order: WayOrder["order"]): void {
    if (this.child.connected) this.child.send({ task, order } satisfies WayOrder);
  }

  /** Ends it, and what it holds. */
  stop(): void {
    this.child.kill("SIGKILL");
  }
}

function cannotStart(words: string, port: number): CommandError {
  if (/ERR_MODULE_NOT_FOUND[\s\S]*fauxqs|fauxqs[\s\S]*ERR_MODULE_NOT_FOUND/.test(words)) {
    return new CommandError("the embedded queue server isn't installed: npm install -D fauxqs", ExitCode.unavailable);
  }
  const said = /^\w*Error:.*$/m.exec(words)?.[0] ?? words.trim();
  if (/EADDRINUSE|EACCES/.test(words)) {
    return new CommandError(`--port ${port} can't be listened on: ${said}; leave it out to take any free one`);
  }
  return new CommandError(`the queue server didn't start: ${said}`, ExitCode.unavailable);
}
