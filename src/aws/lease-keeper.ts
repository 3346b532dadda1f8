import { Worker } from "node:worker_threads";
import type { LeaseTable } from "../pipeline/lease-table.js";
import type { Telemetry } from "../pipeline/telemetry.js";

/** What the extender's thread is given. */
export interface LeaseThreadData {
  readonly buffer: SharedArrayBuffer;
  readonly queueUrl: string;
  readonly visibilityTimeoutSeconds: number;
}

/** What it tells. */
export type LeaseThreadMessage =
  | { readonly kind: "lost"; readonly index: number; readonly generation: number; readonly reason: string }
  | { readonly kind: "failed"; readonly count: number; readonly error: string };

export interface LeaseKeeperOptions {
  readonly leases: LeaseTable;
  readonly queueUrl: string;
  readonly visibilityTimeoutSeconds: number;
  readonly telemetry: Telemetry;
}

const RESTART_MS = 1_000;
/** The thread holds an SDK client and a few handles; a bound keeps V8 from growing a heap that it doesn't need. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/** Runs the visibility extender in a thread of its own, and again if that thread should die. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  #thread: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#thread || this.#stopped) return;
    const { leases, queueUrl, visibilityTimeoutSeconds, telemetry } = this.#options;
    const workerData: LeaseThreadData = { buffer: leases.buffer, queueUrl, visibilityTimeoutSeconds };
    const thread = new Worker(new URL("./lease-thread.js", import.meta.url), {
      workerData,
      name: "queuehand-leases",
      resourceLimits: LIMITS,
    });
    thread.unref();
    thread.on("message", (message: LeaseThreadMessage) => {
      if (message.kind === "lost") leases.tellLost(message.index, message.generation, message.reason);
      else telemetry({ kind: "extendFailed", count: message.count, error: message.error });
    });
    let error: unknown;
    thread.on("error", (thrown) => {
      error = thrown;
    });
    thread.on("exit", () => {
      if (this.#stopped) return;
      this.#thread = undefined;
      leases.reclaimExtending();
      telemetry({ kind: "warning", text: "the thread that extends leases ended; it is started again", error });
      this.#restart = setTimeout(() => this.start(), RESTART_MS);
    });
    this.#thread = thread;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    await this.#thread?.terminate();
  }
}
