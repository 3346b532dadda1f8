import { fullJitter } from "../ports/backoff.js";
import { sleep } from "../ports/clock.js";
import { withDeadline } from "../ports/deadline.js";
import type { Delivery } from "../ports/delivery.js";
import { interrupted, type Outcome } from "../ports/outcome.js";
import { type EntryResult, type Queue, QueueError } from "../ports/queue.js";
import { BatchLane } from "./batch-lane.js";
import { endOf, type Settlement } from "./settlement.js";
import { Verdicts, type VerdictsOptions } from "./verdicts.js";

export interface AcknowledgerOptions extends VerdictsOptions {
  readonly queue: Pick<Queue, "delete" | "changeVisibility" | "copyToDeadLetters" | "maxReceiveCount">;
  /** FIFO queues see visibility changes one call after the other, so that releases keep their order. */
  readonly fifo: boolean;
  /** Told when the queue says that no further call can succeed. */
  readonly onFatal: (error: QueueError) => void;
  /** Told whenever one settlement less is pending. */
  readonly onSettled?: () => void;
}

/** A success may stay undeleted this long for the sake of a full batch. */
const LINGER_MS = 50;
/** In a FIFO queue the rest of a group waits for the delete. */
const FIFO_LINGER_MS = 2;
const CALLS_MAX = 16;
const CALL_DEADLINE_MS = 5_000;
const RETRY_BACKOFF_MS = { base: 200, max: 5_000 };

/**
 * Carries outcomes out on the queue, in batches.
 * 1. A delete happens after a success, or after a rejection whose copy is certain; never otherwise.
 * 2. A call that failed is tried again for as long as the lease is ours; then the end is reported as uncertain.
 * 3. A success whose delete failed is never made visible by us.
 * 4. Each delivery has one operation under way at a time; an extension under way is waited for.
 */
export class Acknowledger {
  readonly #options: AcknowledgerOptions;
  readonly #verdicts: Verdicts;
  readonly #deletes: BatchLane<Settlement>;
  readonly #visibility: BatchLane<Settlement>;
  readonly #deadLetters: BatchLane<Settlement>;
  readonly #pending = new Set<Settlement>();
  readonly #cut = new AbortController();
  #whenIdle: (() => void)[] = [];

  constructor(options: AcknowledgerOptions) {
    this.#options = options;
    this.#verdicts = new Verdicts(options);
    const { clock, fifo, queue } = options;
    const lingerMs = fifo ? FIFO_LINGER_MS : LINGER_MS;
    const lane = (
      callsMax: number,
      send: (items: readonly Settlement[], signal: AbortSignal) => Promise<EntryResult[]>,
    ) => new BatchLane<Settlement>({ clock, lingerMs, callsMax, send: (items) => this.#call(items, send) });
    this.#deletes = lane(CALLS_MAX, (items, signal) => queue.delete(handles(items), signal));
    this.#visibility = lane(fifo ? 1 : CALLS_MAX, (items, signal) => queue.changeVisibility(items.map(change), signal));
    this.#deadLetters = lane(CALLS_MAX, (items, signal) => queue.copyToDeadLetters!(items.map(letter), signal));
  }

  /** Settlements that aren't certain yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /** The outcome that can really be had: without a dead-letter queue a rejection is a retry, and never a delete. */
  effective(outcome: Outcome): Outcome {
    return this.#verdicts.effective(outcome);
  }

  /** Starts to carry out how a run ended. The delivery is settled, certainly or not, when telemetry says so. */
  settle(delivery: Delivery, outcome: Outcome, agentMs: number): void {
    const operation = this.#verdicts.operation(delivery, outcome);
    this.#begin({ delivery, outcome, agentMs, operation, attempts: 0 });
  }

  /** Makes a delivery visible again that no agent saw here. */
  release(delivery: Delivery, releaseReason: string): void {
    this.#begin({
      delivery,
      outcome: interrupted,
      agentMs: 0,
      releaseReason,
      operation: { kind: "visibility", seconds: 0 },
      attempts: 0,
    });
  }

  /** From now on no operation waits for company. */
  hurry(): void {
    this.#deletes.hurry();
    this.#visibility.hurry();
    this.#deadLetters.hurry();
  }

  /** Resolves when nothing is pending. */
  idle(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends every pending settlement as uncertain, and its call. */
  abandon(): void {
    for (const settlement of this.#pending) this.#conclude(settlement, false);
    this.#cut.abort(new QueueError("deadline", "the drain's budget is used up"));
  }

  #begin(settlement: Settlement): void {
    this.#pending.add(settlement);
    this.#lock(settlement);
  }

  #lock(settlement: Settlement): void {
    const locked = settlement.delivery.lease.lock();
    if (typeof locked === "boolean") this.#proceed(settlement, locked);
    else void locked.then((now) => this.#proceed(settlement, now));
  }

  #proceed(settlement: Settlement, locked: boolean): void {
    if (!this.#pending.has(settlement)) return;
    if (!locked) return this.#conclude(settlement, false);
    switch (settlement.operation.kind) {
      case "delete":
        return this.#deletes.add(settlement);
      case "visibility":
        return this.#visibility.add(settlement);
      case "deadLetter":
        return this.#deadLetters.add(settlement);
      case "none":
        return this.#conclude(settlement, true);
    }
  }

  async #call(
    items: readonly Settlement[],
    send: (items: readonly Settlement[], signal: AbortSignal) => Promise<EntryResult[]>,
  ): Promise<void> {
    const { clock, telemetry } = this.#options;
    let failed = 0;
    let problem: unknown;
    let fatal: QueueError | undefined;
    try {
      const results = await withDeadline(clock, CALL_DEADLINE_MS, this.#cut.signal, (signal) => send(items, signal));
      for (const [position, settlement] of items.entries()) {
        const result = results[position] ?? {
          ok: false,
          kind: "again",
          detail: "the server gave no result for the entry",
        };
        if (!result.ok) {
          failed++;
          problem = result.detail;
        }
        this.#heed(settlement, result);
      }
    } catch (error) {
      failed = items.length;
      problem = error;
      if (error instanceof QueueError && error.kind === "fatal") fatal = error;
      for (const settlement of items) {
        if (fatal) this.#conclude(settlement, false);
        else this.#heed(settlement, { ok: false, kind: "again", detail: String(error) });
      }
    }
    if (failed > 0) {
      const kind = items[0]!.operation.kind;
      telemetry({
        kind: "settleFailed",
        operation: kind === "none" ? "visibility" : kind,
        count: failed,
        error: problem,
      });
    }
    if (fatal) this.#options.onFatal(fatal);
  }

  #heed(settlement: Settlement, result: EntryResult): void {
    if (!this.#pending.has(settlement)) return;
    const { lease } = settlement.delivery;
    if (result.ok) {
      if (settlement.operation.kind !== "deadLetter") return this.#conclude(settlement, !lease.lost);
      settlement.operation = { kind: "delete" };
      return this.#deletes.add(settlement);
    }
    switch (result.kind) {
      case "stale":
        return this.#conclude(settlement, false);
      case "refused":
        if (settlement.operation.kind === "deadLetter") return this.#settleInstead(settlement, result.detail);
        if (settlement.operation.kind === "visibility") return this.#conclude(settlement, false);
    }
    settlement.attempts++;
    // Between attempts the extender keeps the message hidden.
    lease.unlock();
    const waitMs = fullJitter(RETRY_BACKOFF_MS, settlement.attempts);
    void sleep(this.#options.clock, waitMs, this.#cut.signal).then(() => {
      if (this.#pending.has(settlement)) this.#lock(settlement);
    });
  }

  #settleInstead(settlement: Settlement, detail: string): void {
    const { delivery, outcome, agentMs } = settlement;
    this.#pending.delete(settlement);
    delivery.lease.unlock();
    this.#begin({ delivery, agentMs, attempts: 0, ...this.#verdicts.withoutCopy(delivery, outcome, detail) });
  }

  #conclude(settlement: Settlement, certain: boolean): void {
    if (!this.#pending.delete(settlement)) return;
    const fact = endOf(settlement, certain);
    settlement.delivery.lease.end();
    this.#options.telemetry(fact);
    if (this.#pending.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    this.#options.onSettled?.();
  }
}

const handles = (items: readonly Settlement[]) => items.map(({ delivery }) => delivery.message.handle);

const change = ({ delivery, operation }: Settlement) => ({
  handle: delivery.message.handle,
  seconds: operation.kind === "visibility" ? operation.seconds : 0,
});

const letter = ({ delivery, operation }: Settlement) => ({
  message: delivery.message,
  reason: operation.kind === "deadLetter" ? operation.reason : "",
});
