import type { Estimates, Grant } from "./budget.js";
import type { Lease } from "./lease.js";
import type { Outcome } from "./outcome.js";
import type { ReceivedMessage } from "./queue.js";
import type { DeliveryFacts } from "./telemetry.js";
import type { TraceContext } from "./trace.js";

/** What the facts of a delivery tell besides the least. */
export interface Telling {
  /** LOG_BODIES. */
  readonly body: boolean;
  /** Where in a trace a message stands. */
  readonly traceOf: (message: ReceivedMessage) => TraceContext | undefined;
}

const LITTLE: Telling = { body: false, traceOf: () => undefined };

/** Frozen: all facts of a delivery share them, and a listener of the caller's own hears them too. */
class SharedFacts implements DeliveryFacts {
  readonly messageId: string;
  readonly receiveCount: number;
  declare readonly groupId?: string;
  declare readonly body?: string;
  readonly #message: ReceivedMessage;
  readonly #traceOf: Telling["traceOf"];

  constructor(message: ReceivedMessage, { body, traceOf }: Telling) {
    const { id, receiveCount, groupId } = message;
    this.messageId = id;
    this.receiveCount = receiveCount;
    if (groupId !== undefined) this.groupId = groupId;
    if (body) this.body = message.body;
    this.#message = message;
    this.#traceOf = traceOf;
    Object.freeze(this);
  }

  get trace(): TraceContext | undefined {
    return this.#traceOf(this.#message);
  }
}

/** One receipt of one message, from the moment it is in our hands until it is settled or released. */
export class Delivery {
  #message: ReceivedMessage;
  #lease: Lease;
  #facts: DeliveryFacts | undefined;
  /** Called once if the lease is lost, with the reason; set by whoever works on the delivery. */
  onLeaseLost: ((reason: string) => void) | undefined;
  /** Monotonic milliseconds at which the agent that works on it began; undefined while none does. */
  startedAt: number | undefined;
  /** How often an agent has worked on it in this lease; never: its receive was spent without a run. */
  runs = 0;
  /** Monotonic milliseconds from which its wait for a slot counts. */
  waitsSince: number;
  /** How often its agent has deferred it in this lease. */
  deferrals = 0;
  /** What its run has of budgets, from its start to its end. */
  grant: Grant | undefined;
  /** What its agent's process says that it takes of budgets; undefined: it has not been asked. */
  estimates: Estimates | undefined;
  /** Milliseconds for which it has waited for budgets alone before its latest run; undefined: it takes of none. */
  budgetWaitMs: number | undefined;
  /** Budgets that providers' words have it wait for, besides those that it takes of. */
  awaits: ReadonlySet<string> | undefined;
  /** How it is to end without a run, where nothing can be charged for it. */
  unfit: Outcome | undefined;
  /** Tries in this lease, beyond the one that its receive stands for. */
  #tries = 0;

  constructor(
    message: ReceivedMessage,
    lease: Lease,
    /** Monotonic milliseconds at which it came into our hands. */
    readonly receivedAt: number,
    private readonly telling = LITTLE,
  ) {
    this.#message = message;
    this.#lease = lease;
    this.waitsSince = receivedAt;
  }

  get message(): ReceivedMessage {
    return this.#message;
  }

  get lease(): Lease {
    return this.#lease;
  }

  get facts(): DeliveryFacts {
    this.#facts ??= new SharedFacts(this.#message, this.telling);
    return this.#facts;
  }

  get running(): boolean {
    return this.startedAt !== undefined;
  }

  /** How many of its receives were none, but tries in this lease. */
  get triesHere(): number {
    return this.#tries;
  }

  /** It is to be tried again in this lease, which counts as a receive. */
  countTry(): void {
    this.#tries++;
    this.#message = { ...this.#message, receiveCount: this.#message.receiveCount + 1 };
    this.#facts = undefined;
  }

  /** The same message was received again: from now on only the newer receipt counts. */
  adopt(newer: Delivery): void {
    const { onLost } = this.#lease;
    this.#lease.end();
    const { message } = newer;
    this.#message = this.#tries > 0 ? { ...message, receiveCount: message.receiveCount + this.#tries } : message;
    this.#lease = newer.#lease;
    this.#lease.onLost = onLost;
    this.#facts = undefined;
  }
}
