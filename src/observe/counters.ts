import type { Clock } from "../pipeline/clock.js";
import type { OutcomeKind } from "../pipeline/outcome.js";
import type { Fact } from "../pipeline/telemetry.js";
import { Histogram } from "./histogram.js";

/** The rate is taken over about this long: long enough to be calm, short enough to be now. */
const RATE_WINDOW_MS = 10_000;
/** Least distance of two rate samples; with the window it bounds their number. */
const RATE_SAMPLE_MS = 1_000;

/** A distribution in milliseconds; all 0 when nothing was recorded. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Sums since the start; each is a number of messages unless it says otherwise. */
export interface Totals {
  /** Receives that were answered, empty ones included. */
  receives: number;
  received: number;
  started: number;
  ended: number;
  settled: Record<OutcomeKind, number>;
  /** Settled, but not surely carried out before the lease ended: the message may come again. */
  uncertain: number;
  /** Certainly done or rejected: gone from the queue by our hand. */
  gone: number;
  /** Copied to the dead-letter queue by us; those that SQS moves after too many receives are not among them. */
  deadLettered: number;
  released: number;
  /** Times that a delivery was held back here to run again later; `settled.defer` counts those that ended so. */
  deferred: number;
  /** Receives that failed. */
  receiveErrors: number;
  /** Batch entries whose delete, visibility change or dead-letter copy failed, each try counted. */
  settleErrors: number;
  extendErrors: number;
  leasesLost: number;
  /** Agents that ran on after their abort. */
  abortsIgnored: number;
  oddAnswers: number;
}

/** What the counters say at one moment; plain and JSON-able. */
export interface Snapshot extends Readonly<Totals> {
  /** Deliveries whose agent ran and whose outcome is settled, whatever it was. */
  readonly handled: number;
  /** Messages handled in a second, over about the last ten seconds. */
  readonly handledPerSecond: number;
  /** Milliseconds from sent to agent started. */
  readonly inQueueMs: Distribution;
  /** Milliseconds from agent started to agent ended. */
  readonly agentMs: Distribution;
  readonly elapsedSeconds: number;
}

/** A streak of failed receives that hasn't ended. */
export interface ReceiveTrouble {
  readonly cause: string;
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
    deferred: 0,
    receiveErrors: 0,
    settleErrors: 0,
    extendErrors: 0,
    leasesLost: 0,
    abortsIgnored: 0,
    oddAnswers: 0,
  };
  /** Milliseconds from sent to agent started, of every start. */
  readonly inQueueMs = new Histogram();
  /** Milliseconds from agent started to agent ended, of every end. */
  readonly agentMs = new Histogram();

  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #samples: { at: number; handled: number }[];
  readonly #hung = new Set<string>();
  #trouble: ReceiveTrouble | undefined;
  #lastReceiveAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
    this.#samples = [{ at: this.#startedAt, handled: 0 }];
  }

  /** The listener; bound, so that it can be handed to `fanOut` as it is. */
  readonly record = (fact: Fact): void => {
    const { totals } = this;
    switch (fact.kind) {
      case "started":
        totals.started++;
        if (fact.inQueueMs !== undefined) this.inQueueMs.record(fact.inQueueMs);
        break;
      case "ended":
        totals.ended++;
        if (this.#hung.size > 0) this.#hung.delete(fact.delivery.messageId);
        this.agentMs.record(fact.agentMs);
        break;
      case "settled":
        totals.settled[fact.outcome]++;
        if (!fact.certain) totals.uncertain++;
        else if (fact.outcome === "done") totals.gone++;
        else if (fact.outcome === "reject") {
          totals.gone++;
          totals.deadLettered++;
        }
        break;
      case "received":
        totals.receives++;
        totals.received += fact.count;
        this.#receiveEnded();
        this.#trouble = undefined;
        break;
      case "released":
        totals.released++;
        break;
      case "receiveFailed":
        totals.receiveErrors++;
        this.#receiveEnded();
        this.#trouble = { cause: fact.cause, since: this.#trouble?.since ?? this.#clock.monotonic() };
        break;
      case "receiveRecovered":
        this.#trouble = undefined;
        break;
      case "settleFailed":
        totals.settleErrors += fact.count;
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
      case "oddAnswer":
        totals.oddAnswers += fact.count;
        break;
      case "deferred":
        totals.deferred++;
        break;
      case "progress":
      case "lifecycle":
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
    return {
      ...this.totals,
      settled: { ...this.totals.settled },
      handled: this.handled,
      handledPerSecond: this.#rate(),
      inQueueMs: distribution(this.inQueueMs),
      agentMs: distribution(this.agentMs),
      elapsedSeconds: (this.#clock.monotonic() - this.#startedAt) / 1000,
    };
  }

  #receiveEnded(): void {
    this.#lastReceiveAt = this.#clock.monotonic();
  }

  /** From samples taken when somebody asks: no timer runs for it, and nobody pays who doesn't ask. */
  #rate(): number {
    const samples = this.#samples;
    const now = { at: this.#clock.monotonic(), handled: this.handled };
    while (samples.length > 1 && samples[1]!.at <= now.at - RATE_WINDOW_MS) samples.shift();
    const oldest = samples[0]!;
    if (now.at - samples.at(-1)!.at >= RATE_SAMPLE_MS) samples.push(now);
    return now.at > oldest.at ? ((now.handled - oldest.handled) * 1000) / (now.at - oldest.at) : 0;
  }
}

/** What a histogram says, in a line's worth of numbers. */
function distribution(histogram: Histogram): Distribution {
  return {
    count: histogram.count,
    mean: rounded(histogram.mean),
    p50: rounded(histogram.quantile(0.5)),
    p95: rounded(histogram.quantile(0.95)),
    p99: rounded(histogram.quantile(0.99)),
  };
}

const rounded = (value: number) => Math.round(value * 10) / 10;
