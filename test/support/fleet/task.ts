import type { Agent } from "../../../src/agents/define-handler.js";
import { loadConfig } from "../../../src/config/config.js";
import { createLogger } from "../../../src/observe/log.js";
import { sleep } from "../../../src/pipeline/ports/clock.js";
import type { IdempotencyTable } from "../../../src/pipeline/ports/idempotency.js";
import { createWorker, type Worker } from "../../../src/worker/worker.js";
import { type FakeClock, settle } from "../fake-clock.js";
import type { MemoryQueue } from "../memory-queue.js";
import type { Climate } from "./climate.js";
import { Gate, type Way } from "./gate.js";
import type { RunEnd } from "./ledger.js";
import { TaskClock } from "./task-clock.js";
import { TaskQueue } from "./task-queue.js";
import type { TaskRecord } from "./task-record.js";
import type { Witness } from "./witness.js";
import type { Work } from "./work.js";

export interface TaskOptions {
  readonly climate: Climate;
  readonly queue: MemoryQueue;
  readonly clock: FakeClock;
  readonly record: TaskRecord;
  readonly witness: Witness;
  readonly work: Work;
  /** The fleet's start, by the clock. */
  readonly since: number;
  readonly table: IdempotencyTable | undefined;
  readonly random: () => number;
}

/** A lease that ends so soon is given up: the most that a worker keeps between its end and a successor's start. */
const LEASE_MARGIN_MS = 5_000;
/** By so much of the visibility timeout a worker may take a lease to have begun before it did. */
const LEASE_DOUBT_SHARE = 1 / 3;
/** What a process listens to; one stands here for many. */
const PROCESS_EVENTS = ["SIGTERM", "SIGINT", "uncaughtException", "unhandledRejection"];

const logger = createLogger({ level: "silent" });

/** One task of a fleet: a whole worker in this process that can be stopped, frozen and killed as if it had its own. */
export class Task {
  readonly record: TaskRecord;
  readonly #options: TaskOptions;
  readonly #gate = new Gate();
  readonly #queue: TaskQueue;
  readonly #worker: Worker;

  constructor(options: TaskOptions) {
    const { climate, clock, record, table } = options;
    this.record = record;
    this.#options = options;
    this.#queue = new TaskQueue({ ...options, ...climate, gate: this.#gate });
    this.#worker = createWorker(this.#agent(), loadConfig(environmentOf(climate)), {
      clock: new TaskClock(clock, this.#gate),
      queue: this.#queue,
      ...(table && { idempotencyTable: table }),
      logger,
    });
  }

  /** Its code can run. */
  get acts(): boolean {
    return !this.#gate.frozen && !this.gone;
  }

  /** It exited or was killed. */
  get gone(): boolean {
    return this.#gate.dead || this.record.exitedAt !== undefined;
  }

  /** Nobody has stopped it. */
  get wanted(): boolean {
    return !this.gone && this.record.stoppedAt === undefined;
  }

  start(): void {
    const { queue, clock } = this.#options;
    const before = PROCESS_EVENTS.map((event) => process.listeners(event as "SIGTERM"));
    const run = this.#worker.run();
    // A killed one would never take its listeners away.
    for (const [position, event] of PROCESS_EVENTS.entries()) {
      for (const listener of process.listeners(event as "SIGTERM")) {
        if (!before[position]!.includes(listener)) process.off(event, listener);
      }
    }
    void run.then(({ exitCode }) => {
      if (this.#gate.dead) return;
      this.record.exited(exitCode, (id, count) => {
        const state = queue.state(id);
        return state?.receiveCount === count && state.visibleAt > clock.monotonic();
      });
    });
  }

  /** SIGTERM; one that is frozen hears it when it thaws. */
  stop(): void {
    this.record.stopped();
    this.#gate.pass("answer", () => void this.#worker.stop("SIGTERM"));
  }

  /** SIGKILL. */
  kill(): void {
    if (this.gone) return;
    this.#gate.kill();
    this.record.killed();
    this.#queue.hangUp();
  }

  /** SIGSTOP. */
  freeze(): void {
    this.#gate.freeze();
    this.record.frozen();
  }

  /** SIGCONT; `first` comes first of what came meanwhile. */
  async thaw(first: Way): Promise<void> {
    if (!this.#gate.frozen) return;
    const { queue, clock, witness, climate } = this.#options;
    const marginMs = LEASE_MARGIN_MS + climate.visibilitySeconds * 1000 * LEASE_DOUBT_SHARE;
    this.record.thawed((id, count) => {
      const state = queue.state(id);
      return state?.receiveCount !== count || state.visibleAt - marginMs <= clock.monotonic();
    });
    await this.#gate.thaw(first);
    // What falls due at this moment only because of what came before is due for it as well.
    await clock.advance(0);
    await settle();
    witness.thawed(this.record);
  }

  #agent(): Agent {
    const { clock, record, witness, work, since } = this.#options;
    const own = new TaskClock(clock, this.#gate);
    return async ({ id }, { signal }) => {
      if (this.#gate.dead) return new Promise(() => {});
      witness.begins(record, id);
      const run = record.started(id);
      const { seconds, error } = work.job(id, (clock.monotonic() - since) / 1000);
      await sleep(own, seconds * 1000, signal);
      record.ended(id, run, signal.aborted ? "aborted" : endOf(error));
      if (error && !signal.aborted) throw error;
    };
  }
}

function endOf(error: Error | undefined): RunEnd {
  if (!error) return "done";
  return error.name === "Reject" ? "rejected" : error.name === "Defer" ? "deferred" : "failed";
}

function environmentOf(climate: Climate): Record<string, string> {
  const { fifo, slots, visibilitySeconds, shutdownSeconds, pollSeconds, maxMessages, backoff, keys } = climate;
  return {
    SQS_QUEUE_URL: `http://127.0.0.1:1/000000000000/tasks${fifo ? ".fifo" : ""}`,
    HANDLER: "./unused.mjs",
    HTTP_PORT: "off",
    METRICS: "off",
    HANDLER_TIMEOUT_SECONDS: "900",
    CONCURRENCY: String(slots),
    VISIBILITY_TIMEOUT: String(visibilitySeconds),
    SHUTDOWN_TIMEOUT_SECONDS: String(shutdownSeconds),
    POLL_INTERVAL_SECONDS: String(pollSeconds),
    MAX_MESSAGES: String(maxMessages),
    ...(backoff !== undefined && { RETRY_BACKOFF_SECONDS: backoff }),
    ...(keys && { IDEMPOTENCY_TABLE: "keys" }),
  };
}
