import type { Agent } from "./agents/define-handler.js";
import { InProcessHandler } from "./agents/in-process.js";
import { LeaseKeeper } from "./aws/lease-keeper.js";
import { SourceQueue } from "./aws/source-queue.js";
import type { Config } from "./config.js";
import { Lifecycle } from "./lifecycle.js";
import type { Snapshot } from "./observe/counters.js";
import { createLogger, type Logger } from "./observe/log.js";
import { Observatory } from "./observe/observatory.js";
import { Acknowledger } from "./pipeline/acknowledger.js";
import { type Clock, systemClock } from "./pipeline/clock.js";
import { Dispatcher, leasesFor } from "./pipeline/dispatcher.js";
import { drain } from "./pipeline/drain.js";
import type { Handler } from "./pipeline/handler.js";
import { LeaseTable } from "./pipeline/lease-table.js";
import { LeaseWatch } from "./pipeline/lease-watch.js";
import { Poller } from "./pipeline/poller.js";
import { Processor } from "./pipeline/processor.js";
import type { Queue, QueueError, ReceivedMessage } from "./pipeline/queue.js";
import type { WorkerStatus } from "./pipeline/status.js";
import { fanOut, type Telemetry } from "./pipeline/telemetry.js";
import { VisibilityExtender } from "./pipeline/visibility-extender.js";

/** Exit codes of `run`, after sysexits.h where one fits. */
export const EXIT = { clean: 0, unexpected: 1, queueGone: 69, workReleased: 75, badConfig: 78 } as const;

export interface WorkerOptions {
  /** Told every fact besides the log and the counters. */
  readonly telemetry?: Telemetry;
  /** Instead of the SQS queue of the settings; its leases are then extended on the caller's event loop. */
  readonly queue?: Queue;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface RunResult {
  /** 0 drained and clean, 1 unexpected, 69 the queue is gone or forbidden, 75 the drain's budget ended with work released. */
  readonly exitCode: number;
  readonly summary: Snapshot;
}

/** A worker for one queue. Stopping it twice, or before it runs, is harmless. */
export interface Worker {
  /** Works until it is stopped, by `stop`, SIGTERM or SIGINT; a second signal ends the process at once. */
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

class QueueWorker implements Worker {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #handler: Handler;
  readonly #observatory: Observatory;
  readonly #telemetry: Telemetry;
  readonly #lifecycle: Lifecycle;
  readonly #queue: Queue;
  readonly #source: SourceQueue | undefined;
  readonly #leaseWatch: LeaseWatch;
  readonly #leaseKeeper: { start(): void; stop(): void | Promise<void> };
  readonly #processor: Processor;
  readonly #acknowledger: Acknowledger;
  readonly #dispatcher: Dispatcher;
  readonly #poller: Poller;
  #exitCode: number = EXIT.clean;
  #stopping: Promise<void> | undefined;
  #leftStart!: () => void;
  readonly #started = new Promise<void>((resolve) => {
    this.#leftStart = resolve;
  });
  #whenStopped!: () => void;
  readonly #stopped = new Promise<void>((resolve) => {
    this.#whenStopped = resolve;
  });

  constructor(agent: Agent | Handler, config: Config, options: WorkerOptions) {
    this.#config = config;
    const clock = options.clock ?? systemClock;
    this.#clock = clock;
    const logger = options.logger ?? createLogger({ level: config.logLevel });
    this.#observatory = new Observatory({
      queueName: config.queueUrl.split("/").at(-1)!,
      status: () => this.status(),
      clock,
      logger,
    });
    const telemetry = options.telemetry
      ? fanOut([this.#observatory.telemetry, options.telemetry])
      : this.#observatory.telemetry;
    this.#telemetry = telemetry;
    this.#lifecycle = new Lifecycle(telemetry);
    this.#handler = isHandler(agent)
      ? agent
      : new InProcessHandler(agent, ({ id, receiveCount }) => logger.child({ messageId: id, receiveCount }));

    const { queueUrl, visibilityTimeoutSeconds, concurrency: slots } = config;
    const fifo = queueUrl.endsWith(".fifo");
    const leases = new LeaseTable(leasesFor(slots));
    if (options.queue) {
      this.#queue = options.queue;
      this.#leaseKeeper = new VisibilityExtender({
        queue: options.queue,
        leases,
        clock,
        visibilityTimeoutSeconds,
        events: {
          lost: (index, generation, reason) => leases.tellLost(index, generation, reason),
          failed: (count, error) => telemetry({ kind: "extendFailed", count, error }),
        },
      });
    } else {
      const deadLetterQueueUrl = config.deadLetterQueueUrl;
      this.#source = new SourceQueue({ queueUrl, visibilityTimeoutSeconds, deadLetterQueueUrl, telemetry });
      this.#queue = this.#source;
      this.#leaseKeeper = new LeaseKeeper({ leases, queueUrl, visibilityTimeoutSeconds, telemetry });
    }
    const queue = this.#queue;
    this.#leaseWatch = new LeaseWatch(leases, clock, visibilityTimeoutSeconds);
    const onFatal = (error: QueueError) => this.#end(EXIT.queueGone, error.message);
    const onRoom = () => this.#poller.pollIfWanted();
    this.#acknowledger = new Acknowledger({
      queue,
      clock,
      telemetry,
      retryBackoff: config.retryBackoff,
      fifo,
      onFatal,
      onSettled: onRoom,
    });
    this.#processor = new Processor({
      handler: this.#handler,
      clock,
      telemetry,
      timeoutSeconds: config.handlerTimeoutSeconds,
    });
    this.#dispatcher = new Dispatcher({
      slots,
      fifo,
      processor: this.#processor,
      acknowledger: this.#acknowledger,
      leases,
      clock,
      telemetry,
      onRoom,
      onOverflow: (messages) => this.#giveBack(messages),
    });
    this.#poller = new Poller({
      queue,
      clock,
      telemetry,
      maxMessages: config.maxMessages,
      waitSeconds: config.pollIntervalSeconds,
      demand: () => this.#dispatcher.demand(),
      accept: (messages, askedAt, answeredAt) => this.#accept(messages, askedAt, answeredAt),
      onFatal,
    });
  }

  status(): WorkerStatus {
    return {
      state: this.#lifecycle.state,
      slots: this.#config.concurrency,
      busy: this.#dispatcher.busy,
      buffered: this.#dispatcher.buffered,
      openPolls: this.#poller.open,
      settling: this.#acknowledger.pending,
      meanAgentSeconds: this.#dispatcher.meanAgentSeconds,
      lastReceiveOkAt: this.#poller.lastAnswerAt,
    };
  }

  async run(): Promise<RunResult> {
    const release = this.#listen();
    try {
      if (this.#lifecycle.advance("starting")) await this.#start();
      await this.#stopped;
      return { exitCode: this.#exitCode, summary: this.#observatory.counters.snapshot() };
    } finally {
      release();
    }
  }

  stop(reason = "stop was called"): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #start(): Promise<void> {
    try {
      await this.#handler.start?.();
    } catch (error) {
      this.#telemetry({ kind: "warning", text: "the agent could not be made ready", error });
      this.#exitCode = EXIT.unexpected;
      this.#leftStart();
      await this.stop("the agent could not be made ready");
      throw error;
    }
    this.#observatory.start();
    this.#leaseWatch.start();
    if (this.#lifecycle.advance("running")) {
      this.#poller.start();
      // After the first poll has left: making a thread takes longer than a round trip.
      this.#leaseKeeper.start();
      void this.#source?.discover().then((attributes) => this.#checkAttributes(attributes));
    }
    this.#leftStart();
  }

  async #stop(reason: string): Promise<void> {
    if (this.#lifecycle.advance("stopped")) return this.#whenStopped();
    this.#lifecycle.advance("draining", reason);
    await this.#started;
    const clean = await drain({
      poller: this.#poller,
      dispatcher: this.#dispatcher,
      processor: this.#processor,
      acknowledger: this.#acknowledger,
      clock: this.#clock,
      budgetSeconds: this.#config.shutdownTimeoutSeconds,
    });
    if (!clean && this.#exitCode === EXIT.clean) this.#exitCode = EXIT.workReleased;
    await this.#leaseKeeper.stop();
    this.#leaseWatch.stop();
    await this.#handler.stop?.();
    this.#source?.close();
    this.#lifecycle.advance("stopped", reason);
    await this.#observatory.stop();
    this.#whenStopped();
  }

  #accept(messages: readonly ReceivedMessage[], askedAt: number, answeredAt: number): void {
    const { visibilityTimeoutSeconds } = this.#config;
    // SQS hides from the moment it answers, which lies between the two; the earlier is safe. But a long poll may have
    // lasted for longer than a short visibility timeout, and a message that comes at its end isn't lost yet.
    const leaseFrom = Math.max(askedAt, answeredAt - (visibilityTimeoutSeconds * 1000) / 3);
    this.#dispatcher.accept(messages, leaseFrom, visibilityTimeoutSeconds);
  }

  /** No lease is left for these: make them visible for others at once. */
  #giveBack(messages: readonly ReceivedMessage[]): void {
    this.#telemetry({ kind: "warning", text: `${messages.length} messages more than fit were given back` });
    for (let start = 0; start < messages.length; start += 10) {
      const changes = messages.slice(start, start + 10).map(({ handle }) => ({ handle, seconds: 0 }));
      this.#queue
        .changeVisibility(changes, AbortSignal.timeout(5_000))
        .catch((error) =>
          this.#telemetry({ kind: "settleFailed", operation: "visibility", count: changes.length, error }),
        );
    }
  }

  #checkAttributes(attributes: { readonly deadLetterArn: string | undefined } | undefined): void {
    if (!attributes || attributes.deadLetterArn || this.#config.deadLetterQueueUrl) return;
    this.#telemetry({
      kind: "warning",
      text: "the queue has no dead-letter queue: rejected messages are retried until their retention ends",
    });
  }

  /** Drains because of something that is not a request to stop. */
  #end(exitCode: number, reason: string): void {
    if (this.#exitCode === EXIT.clean) this.#exitCode = exitCode;
    void this.stop(reason);
  }

  /** Signals and the errors that nobody caught, for as long as the worker runs. */
  #listen(): () => void {
    let told = false;
    const onSignal = (signal: NodeJS.Signals, number: number) => {
      if (told) process.exit(128 + number);
      told = true;
      void this.stop(signal);
    };
    const onUncaught = (error: unknown) => {
      if (this.#exitCode === EXIT.unexpected) return;
      this.#exitCode = EXIT.unexpected;
      this.#telemetry({ kind: "warning", text: "an error was caught by nobody: the worker drains and exits", error });
      // What runs may be in any state now, so it is stopped at once rather than awaited.
      this.#processor.abortAll("shutdown", "the worker is shutting down because of an uncaught error");
      void this.stop("uncaught error");
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
    process.on("uncaughtException", onUncaught).on("unhandledRejection", onUncaught);
    return () => {
      process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
      process.off("uncaughtException", onUncaught).off("unhandledRejection", onUncaught);
    };
  }
}

function isHandler(agent: Agent | Handler): agent is Handler {
  const given = agent as { run?: unknown; handle?: unknown } | undefined;
  if (typeof given?.run === "function") return true;
  if (typeof given === "function" || typeof given?.handle === "function") return false;
  throw new TypeError("an agent is a function, what defineHandler made, or a Handler with a run method");
}
