import type { Clock } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { CheckpointCause, Handler } from "../ports/handler.js";
import { type AbortCause, checkedOutcome, interrupted, leaseLost, type Outcome } from "../ports/outcome.js";
import type { Telemetry } from "../ports/telemetry.js";
import { RunControl } from "./run-control.js";

export interface ProcessorOptions {
  readonly handler: Pick<Handler, "run">;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly timeoutSeconds: number;
}

export interface Processed {
  readonly outcome: Outcome;
  readonly agentMs: number;
}

/**
 * Runs the agent on one delivery: from slot to outcome.
 * Never rejects, and resolves only when the agent has really ended.
 */
export class Processor {
  readonly #options: ProcessorOptions;
  readonly #runs = new Set<RunControl>();
  #interrupted = 0;

  constructor(options: ProcessorOptions) {
    this.#options = options;
  }

  /** Agents that haven't ended. */
  get running(): number {
    return this.#runs.size;
  }

  async process(delivery: Delivery): Promise<Processed> {
    const { handler, clock, telemetry, timeoutSeconds } = this.#options;
    const { message } = delivery;
    const startedAt = clock.monotonic();
    const run = new RunControl({ delivery, clock, telemetry, timeoutSeconds }, startedAt);
    this.#runs.add(run);
    delivery.startedAt = startedAt;
    delivery.runs++;
    delivery.onLeaseLost = (reason) => run.abort("lease lost", reason);
    telemetry({
      kind: "started",
      delivery: delivery.facts,
      inQueueMs: message.sentAt === undefined ? undefined : Math.max(0, clock.wall() - message.sentAt),
      bufferedMs: startedAt - delivery.receivedAt,
      ...(delivery.budgetWaitMs === undefined ? undefined : { budgetWaitMs: delivery.budgetWaitMs }),
    });
    let outcome: Outcome;
    try {
      outcome = checkedOutcome(await handler.run(message, run));
    } catch (error) {
      outcome = { kind: "retry", error };
    }
    run.end();
    this.#runs.delete(run);
    delivery.startedAt = undefined;
    if (run.abortCause === "shutdown") this.#interrupted++;
    delivery.onLeaseLost = undefined;
    const agentMs = clock.monotonic() - startedAt;
    if (delivery.lease.lost) outcome = leaseLost;
    else if (run.abortCause) outcome = afterAbort(outcome, run.abortCause, run);
    const { extended } = delivery.lease;
    telemetry({ kind: "ended", delivery: delivery.facts, outcome: outcome.kind, agentMs, extended });
    return { outcome, agentMs };
  }

  /** Runs that ended after a shutdown had aborted them. */
  get interrupted(): number {
    return this.#interrupted;
  }

  /** Tells the agents that save checkpoints to do so, within `ms` milliseconds, and then to stop. */
  saveAndAbortSavers(cause: CheckpointCause, detail: string, ms: number, graceMs: number): void {
    for (const run of this.#runs) if (run.hasCheckpoint) void run.saveAndAbort(cause, detail, ms, graceMs);
  }

  /** Tells every running agent to stop, within `graceMs` milliseconds if given. */
  abortAll(cause: AbortCause, detail: string, graceMs?: number): void {
    for (const run of this.#runs) run.abort(cause, detail, graceMs);
  }

  /** Watches no longer what runs on in spite of its abort. */
  abandon(): void {
    for (const run of this.#runs) run.end();
  }
}

/**
 * What an end after an abort is worth. A verb that the agent spoke holds. A return is a success only if the agent never
 * looked at its signal: one that did may just have given up, and a message is deleted for a certain success alone.
 */
function afterAbort(outcome: Outcome, cause: AbortCause, run: RunControl): Outcome {
  if (outcome.kind === "reject" || outcome.kind === "defer") return outcome;
  if (outcome.kind === "retry" && outcome.afterSeconds !== undefined) return outcome;
  if (outcome.kind === "done" && !run.signalSeen) return outcome;
  switch (cause) {
    case "timeout":
      return { kind: "retry", error: run.abortReason, ...(run.saved && { afterSeconds: 0 }) };
    case "shutdown":
      return interrupted;
    case "lease lost":
      return leaseLost;
  }
}
