import type { Agent } from "../agents/define-handler.js";
import { InProcessHandler } from "../agents/in-process.js";
import type { QueueAttributes } from "../aws/sqs/queue-attributes.js";
import { SourceQueue } from "../aws/sqs/source-queue.js";
import { agentRoleOf } from "../aws/sts/sts-agent-role.js";
import type { Config } from "../config/config.js";
import type { QueueCounts } from "../console/console-state.js";
import type { Route } from "../console/health-server.js";
import type { Snapshot } from "../observe/counters.js";
import { createLogger, type Logger } from "../observe/log.js";
import { LeaseTable } from "../pipeline/lease/lease-table.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { leasesFor } from "../pipeline/poll/room.js";
import type { AgentRole } from "../pipeline/ports/agent-role.js";
import { type Clock, systemClock } from "../pipeline/ports/clock.js";
import type { Handler } from "../pipeline/ports/handler.js";
import type { IdempotencyTable } from "../pipeline/ports/idempotency.js";
import type { PayloadStore } from "../pipeline/ports/payload.js";
import type { Queue } from "../pipeline/ports/queue.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";
import { type Extending, extendingOf } from "./extending.js";
import { keysOf } from "./idempotency.js";
import { type Intake, intakeOf } from "./intake.js";
import { Lifecycle } from "./lifecycle.js";
import { listenForEnd } from "./signals.js";
import { inShort, tellOfWaiting } from "./start-report.js";
import { Watchers } from "./watchers.js";

export type { Snapshot };

/** Exit codes of `run`, after sysexits.h where one fits. */
const EXIT = { clean: 0, unexpected: 1, queueGone: 69, workReleased: 75 } as const;

export interface WorkerOptions {
  /** Told every fact besides the log and the counters. */
  readonly telemetry?: Telemetry;
  /** Instead of the SQS queue of the settings; its leases are then extended on the caller's event loop. */
  readonly queue?: Queue;
  /** Instead of the DynamoDB table that IDEMPOTENCY_TABLE names, which has to be set in any case. */
  readonly idempotencyTable?: IdempotencyTable;
  /** Instead of the S3 buckets that PAYLOAD_BUCKETS names, which has to be set in any case. */
  readonly payloadStore?: PayloadStore;
  /** Instead of the role that AGENT_ROLE_ARN names, for an agent in this process; closed when the worker stops. */
  readonly agentRole?: AgentRole;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** For the console: asked once a second. Unset: SQS is, once in five seconds and only while the page is open. */
  readonly queueCounts?: () => Promise<QueueCounts>;
  /** More paths for the HTTP server, besides the health pages and the console. */
  readonly routes?: Readonly<Record<string, Route>>;
}

export interface RunResult {
  /** 0 drained and clean, 1 unexpected, 69 the queue is gone or forbidden, 75 the drain's budget ended with work released. */
  readonly exitCode: number;
  readonly summary: Snapshot;
}

/** A worker for one queue. Stopping it twice, or before it runs, is harmless. */
export interface Worker {
  /**
   * Works until it is stopped, by `stop`, SIGTERM or SIGINT; a second signal ends the process at once.
   * Rejects when the agent can't be made ready.
   */
  run(): Promise<RunResult>;
  /** Drains: resolves when nothing of the worker runs and nothing that it received is hidden. */
  stop(reason?: string): Promise<void>;
  status(): WorkerStatus;
}

/**
 * A worker that hands the messages of `config.queueUrl` to `agent`.
 * @param agent a function, what `defineHandler` made, or a Handler of one's own.
 * @throws TypeError when the agent is none of these.
 */
export function createWorker(agent: Agent | Handler, config: Config, options: WorkerOptions = {}): Worker {
  return new QueueWorker(agent, config, options);
}

/** Puts the parts together and owns the order of start and stop. */
class QueueWorker implements Worker {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #intake: Intake;
  readonly #telemetry: Telemetry;
  readonly #lifecycle: Lifecycle;
  readonly #watchers: Watchers;
  readonly #source: SourceQueue | undefined;
  readonly #extending: Extending;
  readonly #pipeline: Pipeline;
  readonly #started = Promise.withResolvers<void>();
  readonly #stopAsked = new AbortController();
  readonly #stopped = Promise.withResolvers<void>();
  #exitCode: number = EXIT.clean;
  #stopping: Promise<void> | undefined;

  constructor(agent: Agent | Handler, config: Config, options: WorkerOptions) {
    const { queueUrl, visibilityTimeoutSeconds, concurrency: slots } = config;
    const clock = options.clock ?? systemClock;
    const telemetry: Telemetry = (fact) => {
      this.#watchers.record(fact);
      this.#intake?.onFact(fact);
      options.telemetry?.(fact);
    };
    this.#config = config;
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#lifecycle = new Lifecycle(telemetry);
    this.#source = options.queue
      ? undefined
      : new SourceQueue({
          queueUrl,
          visibilityTimeoutSeconds,
          deadLetterQueueUrl: config.deadLetterQueueUrl,
          telemetry,
        });
    const logger = options.logger ?? createLogger({ level: config.logLevel });
    this.#logger = logger;
    this.#watchers = new Watchers({
      config,
      source: this.#source,
      status: () => this.status(),
      telemetry,
      clock,
      logger,
      routes: options.routes,
      queueCounts: options.queueCounts,
    });
    const handler = isHandler(agent)
      ? agent
      : new InProcessHandler(agent, {
          logFor: ({ id, receiveCount }) => logger.child({ messageId: id, receiveCount }),
          role: options.agentRole ?? agentRoleOf(config),
        });
    const keys = keysOf(config, options.idempotencyTable);
    this.#intake = intakeOf(handler, config, { clock, telemetry, keys, payloadStore: options.payloadStore });

    const queue = options.queue ?? this.#source!;
    const leases = new LeaseTable(leasesFor(slots));
    this.#extending = extendingOf(config, { leases, keys, queue: options.queue, clock, telemetry });
    this.#pipeline = new Pipeline({
      ...config,
      queue,
      handler: this.#intake.handler,
      leases,
      clock,
      telemetry,
      slots,
      fifo: queueUrl.endsWith(".fifo"),
      onFatal: (error) => this.#end(EXIT.queueGone, "nothing can be received any more", error, error.message),
    });
  }

  status(): WorkerStatus {
    return { state: this.#lifecycle.state, ...this.#pipeline.status() };
  }

  async run(): Promise<RunResult> {
    const stopListening = listenForEnd({
      onSignal: (signal) => void this.stop(signal),
      onUncaught: (error) => this.#onUncaught(error),
    });
    try {
      if (this.#lifecycle.advance("starting", inShort(this.#config))) await this.#start();
      await this.#stopped.promise;
      return { exitCode: this.#exitCode, summary: this.#watchers.snapshot() };
    } finally {
      stopListening();
    }
  }

  stop(reason = "stop was called"): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #start(): Promise<void> {
    this.#watchers.serve();
    const ready = tellOfWaiting(this.#config, { clock: this.#clock, telemetry: this.#telemetry });
    try {
      await this.#intake.handler.start?.(this.#stopAsked.signal);
    } catch (error) {
      ready();
      this.#started.resolve();
      // Whoever was told to stop meanwhile may well end by an error, which is not one then.
      const asked = this.#stopAsked.signal.aborted;
      if (!asked) this.#end(EXIT.unexpected, "the agent could not be made ready", error);
      await this.stop("the agent could not be made ready");
      if (!asked) throw error;
    }
    ready();
    if (this.#lifecycle.advance("running")) {
      this.#pipeline.start();
      // After the first poll has left: making a thread takes longer than a round trip.
      setImmediate(() => this.#extending.start());
      this.#watchers.start();
      void this.#source?.discover().then((attributes) => this.#learn(attributes));
    }
    this.#started.resolve();
  }

  /** In this order: no message that is known here may stay hidden, and what watches must see the end of all else. */
  async #stop(reason: string): Promise<void> {
    if (this.#lifecycle.advance("stopped", reason)) return this.#stopped.resolve();
    this.#lifecycle.advance("draining", reason);
    this.#stopAsked.abort();
    await this.#started.promise;
    const before = this.#watchers.snapshot();
    const clean = await this.#pipeline.drain(this.#config.shutdownTimeoutSeconds);
    if (!clean) this.#tellOfGivenUp(before);
    if (!clean && this.#exitCode === EXIT.clean) this.#exitCode = EXIT.workReleased;
    const released = this.#watchers.release();
    await this.#extending.stop();
    await this.#intake.handler.stop?.();
    await released;
    this.#lifecycle.advance("stopped", reason);
    await this.#watchers.stop();
    this.#source?.close();
    this.#stopped.resolve();
  }

  #tellOfGivenUp(before: Snapshot): void {
    const { settled, released } = this.#watchers.snapshot();
    const aborted = settled.interrupted - before.settled.interrupted;
    const runOn = this.#pipeline.status().busy;
    const givenBack = aborted + released - before.released;
    const text = `work was given up at the stop; agents aborted: ${aborted + runOn}, still running: ${runOn}, messages given back: ${givenBack}`;
    this.#telemetry({ kind: "warning", text });
  }

  #learn(queue: Pick<QueueAttributes, "deadLetterArn" | "maxReceiveCount"> | undefined): void {
    if (!queue) return;
    this.#watchers.learn(queue);
    if (queue.deadLetterArn || this.#config.deadLetterQueueUrl) return;
    const text = "the queue has no dead-letter queue: what fails is retried until its retention ends";
    this.#telemetry({ kind: "warning", text });
  }

  /** Drains because of something that is no request to stop, and says so where nobody overlooks it. */
  #end(exitCode: number, what: string, error: unknown, reason = what): void {
    if (this.#exitCode === EXIT.clean) this.#exitCode = exitCode;
    this.#logger.error({ err: error }, `${what}: the worker drains and exits`);
    void this.stop(reason);
  }

  /** What nobody caught may have left anything in any state: what runs is stopped at once rather than awaited. */
  #onUncaught(error: unknown): void {
    if (this.#exitCode === EXIT.unexpected) return;
    this.#exitCode = EXIT.unexpected;
    this.#pipeline.abortAgents("the worker is shutting down because of an uncaught error");
    this.#end(EXIT.unexpected, "an error was caught by nobody", error);
  }
}

function isHandler(agent: Agent | Handler): agent is Handler {
  const given = agent as { run?: unknown; handle?: unknown } | undefined;
  if (typeof given?.run === "function") return true;
  if (typeof given === "function" || typeof given?.handle === "function") return false;
  throw new TypeError("an agent is a function, what defineHandler made, or a Handler with a run method");
}
