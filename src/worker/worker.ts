import type { Agent } from "../agents/define-handler.js";
import type { QueueAttributes } from "../aws/sqs/queue-attributes.js";
import { SourceQueue } from "../aws/sqs/source-queue.js";
import { agentRoleOf } from "../aws/sts/sts-agent-role.js";
import type { Config } from "../config/config.js";
import type { Snapshot } from "../observe/counters.js";
import { createLogger } from "../observe/log.js";
import type { Ledger } from "../pipeline/budget/ledger.js";
import { LeaseTable } from "../pipeline/lease/lease-table.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { leasesFor } from "../pipeline/poll/room.js";
import type { BudgetTable } from "../pipeline/ports/budget-table.js";
import { type Clock, systemClock } from "../pipeline/ports/clock.js";
import type { Handler } from "../pipeline/ports/handler.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import { fanOut, type Telemetry } from "../pipeline/ports/telemetry.js";
import { traceOf } from "../tracing/sender-trace.js";
import { afterRequest } from "./after-request.js";
import { declareUses, ledgerOf } from "./budgets.js";
import { type Extending, extendingOf } from "./extending.js";
import { givenUp } from "./given-up.js";
import { handlerOf } from "./handler-of.js";
import { keysOf } from "./idempotency.js";
import { type Intake, intakeOf } from "./intake.js";
import { Lifecycle } from "./lifecycle.js";
import { withoutDeadLetters } from "./queue-lessons.js";
import { listenForEnd } from "./signals.js";
import { inShort, queueNameOf, tellOfWaiting } from "./start-report.js";
import { transportsOf } from "./transports.js";
import { Watchers } from "./watchers.js";
import type { WorkerOptions } from "./worker-options.js";
import { EXIT, type RunResult, type Worker } from "./worker-run.js";

export type { RunResult, Snapshot, Worker, WorkerOptions };

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
  readonly #intake: Intake;
  readonly #telemetry: Telemetry;
  readonly #lifecycle: Lifecycle;
  readonly #watchers: Watchers;
  readonly #source: SourceQueue | undefined;
  readonly #extending: Extending;
  readonly #agent: Handler;
  readonly #ledger: Ledger;
  readonly #budgetTable: BudgetTable | undefined;
  readonly #pipeline: Pipeline;
  readonly #started = Promise.withResolvers<void>();
  readonly #stopAsked = new AbortController();
  readonly #stopped = Promise.withResolvers<void>();
  #exitCode: number = EXIT.clean;
  #stopping: Promise<void> | undefined;

  constructor(agent: Agent | Handler, config: Config, options: WorkerOptions) {
    const { queueUrl, concurrency: slots } = config;
    const clock = options.clock ?? systemClock;
    const listeners: Telemetry[] = [];
    const telemetry = fanOut(listeners);
    this.#config = config;
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#lifecycle = new Lifecycle(telemetry);
    const transports = transportsOf({ SQS: config.transport, DynamoDB: config.transport }, (service, error) =>
      telemetry({ kind: "transportChanged", service, error }),
    );
    // Applications written for Elastic Beanstalk's daemon read it; nobody else does.
    const asksForSender = config.handler?.kind === "service";
    this.#source = options.queue
      ? undefined
      : new SourceQueue({ ...config, transport: transports.SQS, telemetry, asksForSender });
    const { ledger, table } = ledgerOf(config, {
      clock,
      telemetry,
      transport: transports.DynamoDB,
      table: options.budgetTable,
      tasks: () => this.#watchers.tasks,
    });
    this.#ledger = ledger;
    this.#budgetTable = table;
    const logger = options.logger ?? createLogger({ level: config.logLevel, queue: queueNameOf(config) });
    this.#watchers = new Watchers({
      config,
      source: this.#source,
      status: () => this.status(),
      awaiting: () => this.#pipeline.awaiting(),
      onTasks: config.budgets.length > 0 ? (tasks) => this.#ledger.share(tasks) : undefined,
      telemetry,
      clock,
      logger,
      routes: options.routes,
      droppedSpans: () => this.#intake.handler.dropped,
      queueCounts: options.queueCounts,
      consoleExtra: options.consoleExtra,
    });
    const role = options.agentRole ?? agentRoleOf(config);
    const handler = handlerOf(agent, { logger, role, isolation: config.isolation });
    this.#agent = handler;
    const keys = keysOf(config, options.idempotencyTable, transports.DynamoDB);
    this.#intake = intakeOf(handler, config, { clock, telemetry, listeners, keys, payloadStore: options.payloadStore });

    listeners.push(...this.#watchers.listeners, this.#intake.onFact);
    if (options.telemetry) listeners.push(options.telemetry);

    const leases = new LeaseTable(leasesFor(slots));
    this.#extending = extendingOf(config, { leases, keys, queue: options.queue, transports, clock, telemetry });
    this.#pipeline = new Pipeline({
      ...config,
      queue: options.queue ?? this.#source!,
      handler: this.#intake.handler,
      estimate: handler.estimate?.bind(handler),
      traceOf,
      leases,
      clock,
      telemetry,
      ledger: this.#ledger,
      slots,
      fifo: queueUrl.endsWith(".fifo"),
      othersAtWork: () => this.#watchers.tasks > 1,
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
      await this.#intake.handler.start(this.#stopAsked.signal);
      if (!this.#stopAsked.signal.aborted) declareUses(this.#ledger, this.#config, this.#agent);
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
      // Making a thread takes longer than a round trip.
      afterRequest(() => this.#extending.start());
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
    if (!clean) {
      const text = givenUp(before, this.#watchers.snapshot(), this.#pipeline.status().busy);
      this.#telemetry({ kind: "warning", text });
    }
    if (!clean && this.#exitCode === EXIT.clean) this.#exitCode = EXIT.workReleased;
    const released = this.#watchers.release();
    await this.#extending.stop();
    await this.#intake.handler.stop();
    await released;
    this.#lifecycle.advance("stopped", reason);
    await Promise.all([this.#watchers.stop(), this.#intake.handler.flush()]);
    this.#budgetTable?.close();
    this.#source?.close();
    this.#stopped.resolve();
  }

  #learn(queue: QueueAttributes | undefined): void {
    if (!queue) return;
    this.#watchers.learn(queue);
    const text = withoutDeadLetters(queue, this.#config);
    if (text) this.#telemetry({ kind: "warning", text });
  }

  /** Drains because of something that is no request to stop, and says so where nobody overlooks it. */
  #end(exitCode: number, what: string, error: unknown, reason = what): void {
    if (this.#exitCode === EXIT.clean) this.#exitCode = exitCode;
    this.#telemetry({ kind: "fatal", text: `${what}: the worker drains and exits`, error });
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
