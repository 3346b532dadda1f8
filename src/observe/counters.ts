import type { Clock } from "../pipeline/ports/clock.js";
import type { Fact } from "../pipeline/ports/telemetry.js";
import { Histogram } from "./histogram.js";
import { MovingRate } from "./moving-rate.js";
import { distributionOf, type Snapshot, type Totals } from "./snapshot.js";

export type { Snapshot } from "./snapshot.js";

/** A streak of failed receives that hasn't ended. */
export interface ReceiveTrouble {
  readonly cause: string;
  /** Monotonic milliseconds of its first failure. */
  readonly since: number;
}

/** A streak of failed copies to the dead-letter queue that hasn't ended. */
export interface CopyTrouble {
  /** Monotonic milliseconds of its first failure. */
  readonly since: number;
}

/**
 * Counts the facts of a worker's life. Four facts are told for each message, at more than 10,000 messages a second, so
 * counting one is some additions: no allocation, and no clock but once for each receive.
 */
export class Counters {
  readonly totals: Totals = {
    receives: 0,
    received: 0,
    started: 0,
    ended: 0,
    settled: { done: 0, retry: 0, reject: 0, defer: 0, interrupted: 0, leaseLost: 0 },
    uncertain: 0,
    gone: 0,
    deadLettered: 0,
    released: 0,
    withoutRun: { stop: 0, late: 0, group: 0, again: 0, overflow: 0, expired: 0, damaged: 0 },
    retriedHere: 0,
    deferred: 0,
    busy: 0,
    receiveErrors: 0,
    settleErrors: 0,
    extendErrors: 0,
    leasesLost: 0,
    abortsIgnored: 0,
    crashes: 0,
    oddAnswers: 0,
    transportChanges: 0,
    repeats: 0,
    resultsDiscarded: 0,
  };
  /** Milliseconds from sent to agent started, of every start. */
  readonly inQueueMs = new Histogram();
  /** Milliseconds for which a run that takes of budgets waited for these alone. */
  readonly budgetWaitMs = new Histogram();
  /** Milliseconds from agent started to agent ended, of every end. */
  readonly agentMs = new Histogram();

  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #rate: MovingRate;
  readonly #hung = new Set<string>();
  #trouble: ReceiveTrouble | undefined;
  #copyTrouble: CopyTrouble | undefined;
  #lastReceiveAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
    this.#rate = new MovingRate(this.#startedAt);
  }

  /** The listener; bound, so that it can be handed to `fanOut` as it is. */
  readonly record = (fact: Fact): void => {
    const { totals } = this;
    switch (fact.kind) {
      case "started":
        totals.started++;
        if (fact.inQueueMs !== undefined) this.inQueueMs.record(fact.inQueueMs);
        if (fact.budgetWaitMs !== undefined) this.budgetWaitMs.record(fact.budgetWaitMs);
        break;
      case "ended":
        totals.ended++;
        if (this.#hung.size > 0) this.#hung.delete(fact.delivery.messageId);
        this.agentMs.record(fact.agentMs);
        break;
      case "settled":
        totals.settled[fact.outcome]++;
        if (fact.withoutRun) totals.withoutRun[fact.withoutRun]++;
        if (!fact.certain) totals.uncertain++;
        else if (fact.outcome === "done") totals.gone++;
        else if (fact.outcome === "reject" || fact.deadLettered) {
          totals.gone++;
          totals.deadLettered++;
          this.#copyTrouble = undefined;
        }
        break;
      case "received":
        totals.receives++;
        totals.received += fact.count;
        this.#lastReceiveAt = this.#clock.monotonic();
        this.#trouble = undefined;
        break;
      case "released":
        totals.released++;
        if (fact.cause !== "abandoned") totals.withoutRun[fact.cause]++;
        break;
      case "retriedHere":
        totals.retriedHere++;
        break;
      case "receiveFailed":
        totals.receiveErrors++;
        this.#lastReceiveAt = this.#clock.monotonic();
        this.#trouble = { cause: fact.cause, since: this.#trouble?.since ?? this.#clock.monotonic() };
        break;
      case "receiveRecovered":
        this.#trouble = undefined;
        break;
      case "settleFailed":
        totals.settleErrors += fact.count;
        if (fact.operation === "deadLetter") this.#copyTrouble ??= { since: this.#clock.monotonic() };
        break;
      case "extendFailed":
        totals.extendErrors += fact.count;
        break;
      case "leaseLost":
        totals.leasesLost++;
        break;
      case "abortIgnored":
        totals.abortsIgnored++;
        this.#hung.add(fact.delivery.messageId);
        break;
      case "crashed":
        totals.crashes++;
        break;
      case "oddAnswer":
        totals.oddAnswers += fact.count;
        break;
      case "transportChanged":
        totals.transportChanges++;
        break;
      case "busy":
        totals.busy++;
        break;
      case "deferred":
        totals.deferred++;
        break;
      case "repeated":
        if (fact.found === "late") totals.resultsDiscarded++;
        else totals.repeats++;
        break;
      case "progress":
      case "checkpoint":
      case "lifecycle":
      case "draining":
      case "fatal":
      case "listening":
      case "breaker":
      case "protection":
      case "protectionFailed":
      case "warning":
        break;
      default:
        fact satisfies never;
    }
  };

  /** The streak of failed receives that lasts at this moment. */
  get receiveTrouble(): ReceiveTrouble | undefined {
    return this.#trouble;
  }

  /** The streak of failed copies to the dead-letter queue that lasts at this moment. */
  get copyTrouble(): CopyTrouble | undefined {
    return this.#copyTrouble;
  }

  /** Agents that run on at this moment although they were aborted; each holds a slot. */
  get hungAgents(): number {
    return this.#hung.size;
  }

  /** Monotonic milliseconds at which a receive last ended, well or not; undefined before the first. */
  get lastReceiveAt(): number | undefined {
    return this.#lastReceiveAt;
  }

  /** Deliveries whose agent ran here and whose outcome is settled, whatever it was. */
  get handled(): number {
    const { settled } = this.totals;
    return settled.done + settled.retry + settled.reject + settled.defer + settled.interrupted + settled.leaseLost;
  }

  snapshot(): Snapshot {
    const now = this.#clock.monotonic();
    return {
      ...this.totals,
      settled: { ...this.totals.settled },
      withoutRun: { ...this.totals.withoutRun },
      handled: this.handled,
      handledPerSecond: this.#rate.perSecond(now, this.handled),
      inQueueMs: distributionOf(this.inQueueMs),
      agentMs: distributionOf(this.agentMs),
      elapsedSeconds: (now - this.#startedAt) / 1000,
    };
  }
}
