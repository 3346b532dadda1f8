import type { Ledger } from "./budget/ledger.js";
import { Admission } from "./dispatch/admission.js";
import { Dispatcher } from "./dispatch/dispatcher.js";
import { drain } from "./drain.js";
import type { LeaseTable } from "./lease/lease-table.js";
import { LeaseWatch, leaseMarginMs } from "./lease/lease-watch.js";
import { Poller } from "./poll/poller.js";
import type { Clock } from "./ports/clock.js";
import type { Telling } from "./ports/delivery.js";
import type { Handler } from "./ports/handler.js";
import { BATCH_MAX, type Queue, type QueueError, type ReceivedMessage } from "./ports/queue.js";
import type { Awaiting, WorkerStatus } from "./ports/status.js";
import type { Telemetry } from "./ports/telemetry.js";
import { Processor } from "./run/processor.js";
import { Acknowledger } from "./settle/acknowledger.js";
import type { RetryBackoff } from "./settle/settlement.js";

export interface PipelineOptions {
  readonly queue: Queue;
  readonly handler: Pick<Handler, "run">;
  /** The agent's own `estimate`, around which nothing stands. */
  readonly estimate?: Handler["estimate"] | undefined;
  /** Shared with whoever extends them. */
  readonly leases: LeaseTable;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly ledger: Ledger;
  readonly slots: number;
  readonly fifo: boolean;
  readonly maxMessages: number;
  readonly pollIntervalSeconds: number;
  readonly visibilityTimeoutSeconds: number;
  readonly handlerTimeoutSeconds: number;
  readonly retryBackoff: RetryBackoff | undefined;
  readonly logBodies: boolean;
  /** Where in a trace a message stands; unset: nobody asks. */
  readonly traceOf?: Telling["traceOf"];
  /** Whether other tasks may have a slot for what waits here. */
  readonly othersAtWork: () => boolean;
  /** Told of messages before any of them can be worked on, since an agent may block this thread at once. */
  readonly onReceived?: (() => void) | undefined;
  /** Told when the queue is gone or forbidden; polling has ended then. */
  readonly onFatal: (error: QueueError) => void;
}

const GIVE_BACK_DEADLINE_MS = 5_000;

/** The road of a delivery, put together: poller → dispatcher → processor → acknowledger, and the watch over its leases. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #leaseWatch: LeaseWatch;
  readonly #processor: Processor;
  readonly #acknowledger: Acknowledger;
  readonly #dispatcher: Dispatcher;
  readonly #admission: Admission;
  readonly #poller: Poller;

  constructor(options: PipelineOptions) {
    this.#options = options;
    const { queue, handler, leases, clock, telemetry, ledger, slots, fifo, retryBackoff, onFatal } = options;
    const onRoom = () => this.#poller.pollIfWanted();
    this.#leaseWatch = new LeaseWatch(leases, clock, options.visibilityTimeoutSeconds);
    this.#acknowledger = new Acknowledger({ queue, clock, telemetry, retryBackoff, fifo, onFatal, onSettled: onRoom });
    this.#processor = new Processor({ handler, clock, telemetry, timeoutSeconds: options.handlerTimeoutSeconds });
    this.#dispatcher = new Dispatcher({
      queue,
      slots,
      fifo,
      ledger,
      processor: this.#processor,
      estimate: options.estimate,
      acknowledger: this.#acknowledger,
      clock,
      telemetry,
      othersAtWork: options.othersAtWork,
      leaseMarginMs: leaseMarginMs(options.visibilityTimeoutSeconds),
      onRoom,
    });
    this.#admission = new Admission({
      leases,
      clock,
      telemetry,
      telling: { body: options.logBodies, traceOf: options.traceOf ?? (() => undefined) },
      take: (delivery) => this.#dispatcher.take(delivery),
      onOverflow: (messages) => this.#giveBack(messages),
    });
    this.#poller = new Poller({
      queue,
      clock,
      telemetry,
      maxMessages: options.maxMessages,
      waitSeconds: options.pollIntervalSeconds,
      demand: () => this.#dispatcher.demand(),
      accept: (messages, askedAt, answeredAt) => this.#accept(messages, askedAt, answeredAt),
      onFatal,
    });
  }

  status(): Omit<WorkerStatus, "state"> {
    return {
      slots: this.#options.slots,
      busy: this.#dispatcher.busy,
      buffered: this.#dispatcher.buffered,
      heldBack: this.#dispatcher.heldBack,
      unbudgeted: this.#dispatcher.unbudgeted,
      budgets: this.#options.ledger.status(this.#dispatcher.budgetLanes.waits()),
      budgetLimits: this.#options.ledger.fleetLimits,
      openPolls: this.#poller.open,
      settling: this.#acknowledger.settling,
      copies: this.#acknowledger.copies,
      meanAgentSeconds: this.#dispatcher.meanAgentSeconds,
      breakerOpen: this.#dispatcher.breakerOpen,
      lastReceiveOkAt: this.#poller.lastAnswerAt,
    };
  }

  /** Messages in hand that budgets keep waiting. */
  *awaiting(): Iterable<Awaiting> {
    for (const [delivery, budgets] of this.#dispatcher.budgetLanes.blocked()) {
      yield { delivery: delivery.facts, since: delivery.waitsSince, budgets: budgets.map(({ name }) => name) };
    }
  }

  start(): void {
    this.#leaseWatch.start();
    this.#poller.start();
  }

  /** Tells every running agent to stop at once, without waiting for the drain's reserve, and starts none any more. */
  abortAgents(detail: string): void {
    this.#dispatcher.shut();
    this.#processor.abortAll("shutdown", detail);
  }

  /** Ends all work within `budgetSeconds`; false when some had to be given up. To be called once. */
  async drain(budgetSeconds: number): Promise<boolean> {
    const clean = await drain({
      poller: this.#poller,
      dispatcher: this.#dispatcher,
      processor: this.#processor,
      acknowledger: this.#acknowledger,
      clock: this.#options.clock,
      telemetry: this.#options.telemetry,
      budgetSeconds,
    });
    this.#leaseWatch.stop();
    return clean;
  }

  #accept(messages: readonly ReceivedMessage[], askedAt: number, answeredAt: number): void {
    const { visibilityTimeoutSeconds, onReceived } = this.#options;
    onReceived?.();
    // SQS hides from the moment it answers, which lies between the two; the earlier is safe. But a long poll may have
    // lasted for longer than a short visibility timeout, and a message that comes at its end isn't lost yet. An answer
    // that came while this process was frozen or blocked may be as old as that.
    const answeredSince = Math.min(this.#leaseWatch.awakeSince, answeredAt - (visibilityTimeoutSeconds * 1000) / 3);
    this.#admission.accept(messages, Math.max(askedAt, answeredSince), visibilityTimeoutSeconds);
  }

  /** No lease is left for these: others may have them at once. */
  #giveBack(messages: readonly ReceivedMessage[]): void {
    const { queue, telemetry } = this.#options;
    for (const { id: messageId, receiveCount } of messages) {
      const delivery = { messageId, receiveCount };
      telemetry({ kind: "released", delivery, cause: "overflow", reason: "more messages came than fit" });
    }
    for (let start = 0; start < messages.length; start += BATCH_MAX) {
      const changes = messages.slice(start, start + BATCH_MAX).map(({ handle }) => ({ handle, seconds: 0 }));
      queue
        .changeVisibility(changes, AbortSignal.timeout(GIVE_BACK_DEADLINE_MS))
        .catch((error) => telemetry({ kind: "settleFailed", operation: "visibility", count: changes.length, error }));
    }
  }
}
