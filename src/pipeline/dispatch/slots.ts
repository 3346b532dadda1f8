import pLimit from "p-limit";
import type { Ledger } from "../budget/ledger.js";
import type { Clock } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { Handler } from "../ports/handler.js";
import { leaseLost, type Outcome } from "../ports/outcome.js";
import type { Processed, Processor } from "../run/processor.js";
import type { Breaker } from "./breaker.js";
import type { WaitingLine } from "./waiting-line.js";

export interface SlotsOptions {
  readonly slots: number;
  readonly waiting: WaitingLine;
  readonly breaker: Pick<Breaker, "open" | "pausing">;
  readonly processor: Pick<Processor, "process">;
  readonly ledger: Pick<Ledger, "lacksEstimates">;
  /** Asked, in a slot, what a message takes of budgets, where only the agent's process can tell. */
  readonly estimate?: Handler["estimate"] | undefined;
  readonly clock: Clock;
  /** An agent starts only while at least this much is left of its message's lease. */
  readonly leaseMarginMs: number;
  /** Told of each delivery whose agent has said what it takes: it is to wait for its budgets now, without a slot. */
  readonly onEstimated: (delivery: Delivery) => void;
  /** Told of each delivery that has left its slot. */
  readonly onEnded: (delivery: Delivery, processed: Processed, by: EndedBy) => void;
}

/** What brought a delivery to its end: its agent's run, what its agent says that it takes of budgets, or neither. */
export type EndedBy = "run" | "uses" | "nothing";

/**
 * The slots: what waits gets the next free one, in order.
 * 1. At most `slots` agents run; a slot is free only when its agent has really ended.
 * 2. While the breaker is open one message at a time is tried, beside agents that began before; new ones first.
 * 3. No agent starts on a lease that is over, whatever the process has slept through.
 */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #limit: ReturnType<typeof pLimit>;
  #busy = 0;
  /** Of these, what began while the breaker was open. */
  #tries = 0;
  /** Of these, what had never run here. */
  #newTries = 0;

  /** Of what holds a slot, what no agent works on yet: its process is asked what it takes. */
  readonly #asked = new Set<Delivery>();

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#limit = pLimit(options.slots);
  }

  get busy(): number {
    return this.#busy;
  }

  get asked(): Iterable<Delivery> {
    return this.#asked;
  }

  /** Agents that may be started now. */
  get free(): number {
    const { breaker, slots } = this.#options;
    return breaker.open ? Number(this.mayTry) : slots - this.#busy;
  }

  /** Whether the open breaker lets a message be tried. */
  get mayTry(): boolean {
    const { breaker, slots } = this.#options;
    return !breaker.pausing && this.#tries === 0 && this.#busy < slots;
  }

  /**
   * Whether the open breaker lets a message be fetched: one that is new, beside one that is tried again, so that messages
   * that wait here for another run, and fail and wait again, never keep all others out.
   */
  get mayFetchTry(): boolean {
    const { breaker, slots, waiting } = this.#options;
    return !breaker.pausing && this.#newTries === 0 && this.#busy < slots && !waiting.hasNew;
  }

  /** Starts what may start. */
  fill(): void {
    const { slots, breaker, waiting } = this.#options;
    while (this.#busy < slots && (!breaker.open || this.mayTry)) {
      const isTry = breaker.open;
      const delivery = waiting.next(isTry);
      if (!delivery) return;
      this.#busy++;
      if (isTry) this.#tries++;
      const isNewTry = isTry && delivery.runs === 0;
      if (isNewTry) this.#newTries++;
      void this.#limit(() => this.#work(delivery, isTry, isNewTry));
    }
  }

  async #work(delivery: Delivery, isTry: boolean, isNewTry: boolean): Promise<void> {
    const { processor, onEnded, onEstimated } = this.#options;
    const unstarted = this.#unstarted(delivery);
    const said = unstarted ? undefined : (delivery.unfit ?? (await this.#estimated(delivery)));
    if (said === "estimated") {
      this.#left(isTry, isNewTry);
      return onEstimated(delivery);
    }
    const unfit = unstarted ?? said;
    const processed = unfit ? { outcome: unfit, agentMs: 0 } : await processor.process(delivery);
    if (unfit) delivery.grant?.giveBack();
    delivery.grant?.end(processed.outcome.kind === "done");
    this.#left(isTry, isNewTry);
    onEnded(delivery, processed, unstarted ? "nothing" : said ? "uses" : "run");
  }

  #left(isTry: boolean, isNewTry: boolean): void {
    this.#busy--;
    if (isTry) this.#tries--;
    if (isNewTry) this.#newTries--;
  }

  /** Has the agent say what the message takes, if it is to; or how it ended in there. */
  async #estimated(delivery: Delivery): Promise<"estimated" | Outcome | undefined> {
    const { ledger, estimate } = this.#options;
    if (!estimate || !ledger.lacksEstimates(delivery)) return undefined;
    this.#asked.add(delivery);
    const told = await estimate(delivery.message);
    this.#asked.delete(delivery);
    if ("ended" in told) return told.ended;
    delivery.estimates = told.estimates;
    delivery.grant = undefined;
    return "estimated";
  }

  /** How a delivery ends that must not be started. */
  #unstarted({ lease, message }: Delivery): Outcome | undefined {
    const { clock, leaseMarginMs } = this.#options;
    // By the clock, since a process that was frozen starts agents before it looks at its leases.
    if (lease.isOver(clock.monotonic() + leaseMarginMs)) return leaseLost;
    // Only here, since in a FIFO group it is a failure like any other: its followers must not overtake it.
    if (message.intact) return undefined;
    return { kind: "retry", error: new Error(message.damage ?? "the body's MD5 doesn't match") };
  }
}
