import type { Agent } from "../agents/define-handler.js";
import type { QueueAttributes } from "../aws/sqs/queue-attributes.js";
import type { Config } from "../config/config.js";
import type { Snapshot } from "../observe/counters.js";
import type { Handler } from "../pipeline/ports/handler.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import { afterRequest } from "./after-request.js";
import { declareUses } from "./budgets.js";
import { givenUp } from "./given-up.js";
import { withoutDeadLetters } from "./queue-lessons.js";
import { listenForEnd } from "./signals.js";
import { inShort, tellOfWaiting } from "./start-report.js";
import type { WorkerOptions } from "./worker-options.js";
import { partsOf, type WorkerParts } from "./worker-parts.js";
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

/** Owns the order of start and stop. */
class QueueWorker implements Worker {
  readonly #config: Config;
  readonly #parts: WorkerParts;
  readonly #started = Promise.withResolvers<void>();
  readonly #stopAsked = new AbortController();
  readonly #stopped = Promise.withResolvers<void>();
  #exitCode: number = EXIT.clean;
  #stopping: Promise<void> | undefined;

  constructor(agent: Agent | Handler, config: Config, options: WorkerOptions) {
    this.#config = config;
    this.#parts = partsOf(agent, config, options, (error) =>
      this.#end(EXIT.queueGone, "nothing can be received any more", error, error.message),
    );
  }

  status(): WorkerStatus {
    return this.#parts.status();
  }

  async run(): Promise<RunResult> {
    const stopListening = listenForEnd({
      onSignal: (signal) => void this.stop(signal),
      onUncaught: (error) => this.#onUncaught(error),
    });
    try {
      if (this.#parts.lifecycle.advance("starting", inShort(this.#config))) await this.#start();
      await this.#stopped.promise;
      return { exitCode: this.#exitCode, summary: this.#parts.watchers.snapshot() };
    } finally {
      stopListening();
    }
  }

  stop(reason = "stop was called"): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { clock, telemetry, lifecycle, watchers, intake, ledger, agent, pipeline, extending, source } = this.#parts;
    watchers.serve();
    const ready = tellOfWaiting(this.#config, { clock, telemetry });
    try {
      await intake.handler.start(this.#stopAsked.signal);
      if (!this.#stopAsked.signal.aborted) declareUses(ledger, this.#config, agent);
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
    if (lifecycle.advance("running")) {
      pipeline.start();
      // Making a thread takes longer than a round trip; a message that comes before is not begun without it.
      afterRequest(() => extending.start());
      watchers.start();
      void source?.discover().then((attributes) => this.#learn(attributes));
    }
    this.#started.resolve();
  }

  /** In this order: no message that is known here may stay hidden, and what watches must see the end of all else. */
  async #stop(reason: string): Promise<void> {
    const { telemetry, lifecycle, watchers, intake, pipeline, extending, budgetTable, source } = this.#parts;
    if (lifecycle.advance("stopped", reason)) return this.#stopped.resolve();
    lifecycle.advance("draining", reason);
    this.#stopAsked.abort();
    await this.#started.promise;
    const before = watchers.snapshot();
    const clean = await pipeline.drain(this.#config.shutdownTimeoutSeconds);
    if (!clean) {
      const text = givenUp(before, watchers.snapshot(), pipeline.status().busy);
      telemetry({ kind: "warning", text });
    }
    if (!clean && this.#exitCode === EXIT.clean) this.#exitCode = EXIT.workReleased;
    const released = watchers.release();
    await extending.stop();
    await intake.handler.stop();
    await released;
    lifecycle.advance("stopped", reason);
    await Promise.all([watchers.stop(), intake.handler.flush()]);
    budgetTable?.close();
    source?.close();
    this.#stopped.resolve();
  }

  #learn(queue: QueueAttributes | undefined): void {
    if (!queue) return;
    const { telemetry, watchers } = this.#parts;
    watchers.learn(queue);
    const text = withoutDeadLetters(queue, this.#config);
    if (text) telemetry({ kind: "warning", text });
  }

  /** Drains because of something that is no request to stop, and says so where nobody overlooks it. */
  #end(exitCode: number, what: string, error: unknown, reason = what): void {
    if (this.#exitCode === EXIT.clean) this.#exitCode = exitCode;
    this.#parts.telemetry({ kind: "fatal", text: `${what}: the worker drains and exits`, error });
    void this.stop(reason);
  }

  /** What nobody caught may have left anything in any state: what runs is stopped at once rather than awaited. */
  #onUncaught(error: unknown): void {
    if (this.#exitCode === EXIT.unexpected) return;
    this.#exitCode = EXIT.unexpected;
    this.#parts.pipeline.abortAgents("the worker is shutting down because of an uncaught error");
    this.#end(EXIT.unexpected, "an error was caught by nobody", error);
  }
}
