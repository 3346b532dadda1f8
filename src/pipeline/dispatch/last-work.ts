import type { AgentPace } from "../poll/agent-pace.js";
import type { Clock } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { Outcome } from "../ports/outcome.js";
import type { Receives } from "../settle/receives.js";
import type { Breaker } from "./breaker.js";
import type { InHand } from "./in-hand.js";
import type { Slots } from "./slots.js";
import type { Unstarted } from "./unstarted.js";

export interface LastWorkOptions {
  readonly clock: Clock;
  readonly unstarted: Unstarted;
  readonly inHand: InHand;
  readonly slots: Slots;
  readonly pace: AgentPace;
  readonly breaker: Pick<Breaker, "open">;
  readonly receives: Receives;
  /** Makes a delivery visible. */
  readonly release: (delivery: Delivery, reason: string) => void;
}

/**
 * What a stop makes of the messages in hand that have no slot yet, and of those that the open polls still bring.
 * 1. As many as the agents' pace says are worked off in time get their run, those with the most receives first.
 * 2. The rest is given back: only when no poll of our own could fetch it again, at its first receive where a slot is free,
 *    and not with its last receives while there is any time.
 */
export class LastWork {
  readonly #options: LastWorkOptions;
  #begun = false;
  #shut = false;
  /** Monotonic milliseconds until which what is in hand is worked off. */
  #endsAt = 0;
  /** How many messages more may be taken. */
  #takes = 0;
  /** What is to be given back once the polls have ended; undefined: they have. */
  #aside: { readonly delivery: Delivery; readonly reason: string }[] | undefined = [];

  constructor(options: LastWorkOptions) {
    this.#options = options;
  }

  /** Nothing is fetched any more. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Keeps what is worked off within `ms` milliseconds. */
  begin(ms: number): void {
    this.#begun = true;
    this.#endsAt = this.#options.clock.monotonic() + ms;
    if (!this.#shut) this.#keep(this.#fits(ms), ms, "draining");
  }

  /** Whether a message that comes now gets a run; else it is given back here. */
  take(delivery: Delivery): boolean {
    if (this.mayTake(delivery)) return true;
    this.giveBack(delivery);
    return false;
  }

  /** Whether one that is in hand gets a run; it counts then. */
  mayTake(delivery: Delivery): boolean {
    if (this.#shut) return false;
    if (this.#takes > 0) {
      this.#takes--;
      return true;
    }
    const { unstarted, slots } = this.#options;
    const isFree = slots.free > unstarted.waiting;
    return this.#isPrecious(delivery) || (isFree && delivery.message.receiveCount > 1);
  }

  /**
   * Whether a deferred message waits on for its next run: given back at its last receive it would be a dead letter, though
   * it isn't at fault.
   */
  mayWait(delivery: Delivery, { kind }: Outcome, seconds: number): boolean {
    const { clock, receives } = this.#options;
    const inTime = clock.monotonic() + seconds * 1000 <= this.#endsAt;
    return !this.#shut && kind === "defer" && inTime && receives.isLast(delivery);
  }

  /** What is to go back may go. */
  pollsEnded(): void {
    const aside = this.#aside ?? [];
    this.#aside = undefined;
    for (const { delivery, reason } of aside) this.#options.release(delivery, reason);
    // What the polls brought at last may have to wait for budgets.
    if (!this.#shut) this.giveBackLate();
  }

  /** Gives back what no budget lets start in time. */
  giveBackLate(): void {
    const late = this.#beyond(Number.POSITIVE_INFINITY, this.#endsAt - this.#options.clock.monotonic());
    for (const delivery of late) this.giveBack(delivery);
  }

  /** Gives back one that no agent saw. */
  giveBack(delivery: Delivery, reason = "draining"): void {
    if (this.#aside) this.#aside.push({ delivery, reason });
    else this.#options.release(delivery, reason);
  }

  /** Gives back what hasn't started by now, but for what would be a dead letter without its run. */
  giveBackUnstarted(): void {
    this.#keep(0, 0, "no slot became free in time before the stop");
  }

  /** From now on no agent is started: gives back all that hasn't one, and what comes. */
  shut(): void {
    this.#begun = true;
    this.#shut = true;
    for (const delivery of this.#options.unstarted.keep(0)) {
      this.giveBack(delivery, "there is no time left for a run");
    }
  }

  /** How many messages more can be worked off; where nobody knows, those for which a slot is free. */
  #fits(ms: number): number {
    const { receives, breaker, pace, slots, clock } = this.#options;
    if (receives.areFew) return Number.POSITIVE_INFINITY;
    if (breaker.open || pace.meanSeconds === 0) return slots.free;
    return Math.max(0, pace.worksOff(ms, clock.monotonic()) - slots.busy);
  }

  #keep(count: number, ms: number, reason: string): void {
    const { unstarted, inHand } = this.#options;
    const back = this.#beyond(count, ms);
    this.#takes = count - unstarted.size;
    for (const delivery of [...back, ...inHand.clearSuccessors()]) this.giveBack(delivery, reason);
  }

  /** Takes out what isn't among so many that budgets let start within `ms` milliseconds, but for what must stay. */
  #beyond(count: number, ms: number): Delivery[] {
    return this.#options.unstarted.keep(count, ms, (delivery) => this.#isPrecious(delivery));
  }

  /** Its last receive; or its last but one, after others that may have been spent on waiting as well. */
  #isPrecious(delivery: Delivery): boolean {
    const left = this.#options.receives.leftAfter(delivery);
    return left === 0 || (left === 1 && delivery.message.receiveCount > 1);
  }
}
