import { Writable } from "node:stream";
import type { Agent } from "../../src/agents/define-handler.js";
import { loadConfig } from "../../src/config/config.js";
import { createLogger, type Logger } from "../../src/observe/log.js";
import { LogOutput } from "../../src/observe/log-output.js";
import type { AgentRole } from "../../src/pipeline/ports/agent-role.js";
import type { Handler } from "../../src/pipeline/ports/handler.js";
import type { IdempotencyTable } from "../../src/pipeline/ports/idempotency.js";
import type { PayloadStore } from "../../src/pipeline/ports/payload.js";
import type { Fact, Telemetry } from "../../src/pipeline/ports/telemetry.js";
import { createWorker, type RunResult, type Worker } from "../../src/worker/worker.js";
import { FakeClock } from "./fake-clock.js";
import { MemoryQueue, type MemoryQueueOptions } from "./memory-queue.js";

export interface WorkerBundle {
  readonly clock: FakeClock;
  readonly queue: MemoryQueue;
  readonly worker: Worker;
  readonly facts: Fact[];
  /** Facts of one kind, in order. */
  of<Kind extends Fact["kind"]>(kind: Kind): Extract<Fact, { kind: Kind }>[];
  /** Starts the worker; resolves with what `run` resolved with. */
  start(): Promise<RunResult>;
  /** Stops the worker while the clock runs on in steps, and says what `run` resolved with. */
  stopped(): Promise<RunResult>;
}

export interface WorkerBundleOptions {
  readonly agent?: Agent | Handler;
  readonly env?: Readonly<Record<string, string>>;
  readonly queue?: Omit<MemoryQueueOptions, "clock">;
  /** Stands for the table that IDEMPOTENCY_TABLE names. */
  readonly idempotencyTable?: IdempotencyTable;
  /** Stands for the buckets that PAYLOAD_BUCKETS names. */
  readonly payloadStore?: PayloadStore;
  readonly agentRole?: AgentRole;
  /** Silent if unset. */
  readonly logger?: Logger;
  /** Hears each fact after the bundle has kept it. */
  readonly listener?: Telemetry;
  /** Told the lines of its log; unset, it has none. */
  readonly onLine?: (line: Record<string, unknown>) => void;
}

function outputTo(onLine: (line: Record<string, unknown>) => void): LogOutput {
  return new LogOutput(
    new Writable({
      write(chunk, _encoding, done) {
        for (const line of String(chunk).split("\n").filter(Boolean)) onLine(JSON.parse(line));
        done();
      },
    }),
  );
}

/** A worker on a queue in memory and a clock that moves when told. */
export function workerBundle({
  agent = () => {},
  env = {},
  queue: queueOptions = {},
  idempotencyTable,
  payloadStore,
  agentRole,
  onLine,
  logger = onLine ? createLogger({ level: "info", output: outputTo(onLine) }) : createLogger({ level: "silent" }),
  listener,
}: WorkerBundleOptions = {}): WorkerBundle {
  const clock = new FakeClock();
  const config = loadConfig({
    SQS_QUEUE_URL: `http://127.0.0.1:1/000000000000/tasks${queueOptions.fifo ? ".fifo" : ""}`,
    HANDLER: "./unused.mjs",
    HTTP_PORT: "off",
    METRICS: "off",
    ...(idempotencyTable && { IDEMPOTENCY_TABLE: "keys" }),
    ...env,
  });
  const queue = new MemoryQueue({ clock, visibilityTimeoutSeconds: config.visibilityTimeoutSeconds, ...queueOptions });
  const facts: Fact[] = [];
  const worker = createWorker(agent, config, {
    clock,
    queue,
    ...(idempotencyTable && { idempotencyTable }),
    ...(payloadStore && { payloadStore }),
    ...(agentRole && { agentRole }),
    logger,
    telemetry: (fact) => {
      facts.push(fact);
      listener?.(fact);
    },
  });
  let running: Promise<RunResult> | undefined;
  const start = () => {
    running ??= worker.run();
    return running;
  };
  return {
    clock,
    queue,
    worker,
    facts,
    of: (kind) => facts.filter((fact): fact is never => fact.kind === kind),
    start,
    async stopped() {
      let ended = false;
      const run = start();
      void Promise.all([worker.stop("test"), run]).then(() => {
        ended = true;
      });
      for (let step = 0; !ended && step < 2_000; step++) await clock.advance(100);
      return run;
    },
  };
}
