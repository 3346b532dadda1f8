import { COPIES_MAX } from "../poll/room.js";
import { fullJitter } from "../ports/backoff.js";
import { sleep } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import { interrupted, type Outcome } from "../ports/outcome.js";
import type { EntryResult, Queue, QueueError } from "../ports/queue.js";
import type { WithoutRun } from "../ports/telemetry.js";
import { meaningOf } from "./meaning.js";
import { Receives } from "./receives.js";
import { SettleLanes } from "./settle-lanes.js";
import { endOf, type Operation, type Settlement } from "./settlement.js";
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

const RETRY_BACKOFF_MS = { base: 200, max: 5_000 };

/**
 * Carries outcomes out on the queue, in batches.
 * 1. A delete happens after a success, or after a rejection whose copy is certain; never otherwise.
 * 2. A call that failed is tried again for as long as the lease is ours; then the end is reported as uncertain.
 * 3. A success whose delete failed is never made visible by us.
 * 4. Each delivery has one operation under way at a time; an extension under way is waited for.
 * 5. Copies to the dead letters are bounded in number, and stop nothing else: their messages stay hidden meanwhile.
 */
export class Acknowledger {
  readonly #options: AcknowledgerOptions;
  readonly #verdicts: Verdicts;
  readonly #receives: Receives;
  readonly #lanes: SettleLanes;
  readonly #pending = new Set<Settlement>();
  #copies = 0;
  #whenIdle: (() => void)[] = [];

  constructor(options: AcknowledgerOptions) {
    this.#options = options;
    this.#verdicts = new Verdicts(options);
    this.#receives = new Receives(options.queue);
    this.#lanes = new SettleLanes({
      ...options,
      onResult: (settlement, result) => this.#heed(settlement, result),
      onHopeless: (settlement) => this.#conclude(settlement, false),
    });
  }

  /** Settlements that aren't certain yet, but for copies to the dead letters. */
  get settling(): number {
    return this.#pending.size - this.#copies;
  }

  /** Copies to the dead letters that aren't certain yet. */
  get copies(): number {
    return this.#copies;
  }

  /** The outcome that can really be had: without a dead-letter queue a rejection is a retry, and never a delete. */
  effective(outcome: Outcome): Outcome {
    return this.#verdicts.effective(outcome);
  }

  /** What an outcome comes to on the queue. */
  operation(delivery: Delivery, outcome: Outcome): Operation {
    return this.#verdicts.operation(delivery, outcome);
  }

  /**
   * Starts to carry out how a run ended, and says by what. The delivery is settled, certainly or not, when telemetry says
   * so. `whenCopied` is told once, if that is a copy to the dead letters, whether it was made.
   */
  settle(delivery: Delivery, outcome: Outcome, agentMs: number, whenCopied?: (copied: boolean) => void): Operation {
    const wanted = this.#verdicts.operation(delivery, outcome);
    const crowded = wanted.kind === "deadLetter" && this.#copies >= COPIES_MAX;
    if (!crowded) {
      this.#begin({ delivery, outcome, agentMs, operation: wanted, attempts: 0, whenCopied });
      return wanted;
    }
    const why = `${COPIES_MAX} copies to the dead-letter queue wait already`;
    const instead = this.#verdicts.withoutCopy(delivery, outcome, why);
    this.#begin({ delivery, agentMs, attempts: 0, whenCopied, ...instead });
    return instead.operation;
  }

  /** Makes a delivery visible again that no agent saw here, or whose agent was abandoned. */
  release(delivery: Delivery, cause: WithoutRun | "abandoned", reason: string): void {
    this.#begin({
      delivery,
      outcome: interrupted,
      agentMs: 0,
      release: { cause, reason },
      operation: { kind: "visibility", seconds: 0 },
      attempts: 0,
    });
  }

  /** From now on no operation waits for company. */
  hurry(): void {
    this.#lanes.hurry();
  }

  /** Resolves when nothing is pending. */
  idle(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends every pending settlement as uncertain, and its call. */
  abandon(): void {
    for (const settlement of this.#pending) this.#conclude(settlement, false);
    this.#lanes.cut();
  }

  #begin(settlement: Settlement): void {
    this.#pending.add(settlement);
    if (settlement.operation.kind === "deadLetter") this.#copies++;
    this.#lock(settlement);
  }

  #lock(settlement: Settlement): void {
    const { lease } = settlement.delivery;
    // A copy changes nothing about the message: it is kept hidden meanwhile, however long that takes.
    const locked = settlement.operation.kind === "deadLetter" ? !lease.lost : lease.lock();
    if (typeof locked === "boolean") this.#proceed(settlement, locked);
    else void locked.then((now) => this.#proceed(settlement, now));
  }

  #proceed(settlement: Settlement, locked: boolean): void {
    if (!this.#pending.has(settlement)) return;
    if (!locked) return this.#conclude(settlement, false);
    if (!this.#lanes.add(settlement)) this.#conclude(settlement, true);
  }

  #heed(settlement: Settlement, result: EntryResult): void {
    if (!this.#pending.has(settlement)) return;
    const meaning = meaningOf(settlement, result);
    switch (meaning.kind) {
      case "over":
        return this.#conclude(settlement, meaning.certain);
      case "copied":
        this.#copyEnded(settlement, true);
        settlement.operation = { kind: "delete" };
        return this.#lock(settlement);
      case "notCopied":
        return this.#settleInstead(settlement, meaning.detail);
      case "again":
        return this.#tryAgain(settlement);
    }
  }

  #tryAgain(settlement: Settlement): void {
    settlement.attempts++;
    // Between attempts the extender keeps the message hidden.
    settlement.delivery.lease.unlock();
    const waitMs = fullJitter(RETRY_BACKOFF_MS, settlement.attempts);
    void sleep(this.#options.clock, waitMs, this.#lanes.ended).then(() => {
      if (this.#pending.has(settlement)) this.#lock(settlement);
    });
  }

  #settleInstead(settlement: Settlement, detail: string): void {
    const { delivery, outcome, agentMs } = settlement;
    this.#copyEnded(settlement, false);
    this.#pending.delete(settlement);
    this.#begin({ delivery, agentMs, attempts: 0, ...this.#verdicts.withoutCopy(delivery, outcome, detail) });
  }

  #copyEnded({ operation, whenCopied }: Settlement, copied: boolean): void {
    if (operation.kind !== "deadLetter") return;
    this.#copies--;
    whenCopied?.(copied);
  }

  #conclude(settlement: Settlement, certain: boolean): void {
    if (!this.#pending.delete(settlement)) return;
    this.#copyEnded(settlement, false);
    const fact = endOf(settlement, certain, this.#receives.isLastOnQueue(settlement.delivery));
    settlement.delivery.lease.end();
    this.#options.telemetry(fact);
    if (this.#pending.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    this.#options.onSettled?.();
  }
}
