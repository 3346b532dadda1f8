import type { Clock } from "../ports/clock.js";
import type { Delivery } from "../ports/delivery.js";
import type { Outcome } from "../ports/outcome.js";
import type { Telemetry } from "../ports/telemetry.js";
import type { Receives } from "../settle/receives.js";
import type { Operation } from "../settle/settlement.js";
import { HeldBack } from "./held-back.js";
import type { MayWait, Rerun } from "./rerun.js";
import { SparedLine } from "./spared-line.js";

export interface RerunsOptions {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** A FIFO group waits for its head: that is tried again here. */
  readonly fifo: boolean;
  /** So many may wait before none is spared any more. */
  readonly max: number;
  readonly receives: Receives;
  /** What the outcome comes to on the queue. */
  readonly operation: (delivery: Delivery, outcome: Outcome) => Operation;
  /** Whether others of its FIFO group wait behind it. */
  readonly hasFollowers: (delivery: Delivery) => boolean;
  /** Takes a delivery whose wait is over. */
  readonly resume: (delivery: Delivery) => void;
  /** Told that a spared one has waited for long. */
  readonly onPatienceOver: () => void;
  /** Told of a delivery whose lease was lost while it waited. */
  readonly onLost: (delivery: Delivery) => void;
}

/** The first wait of who names none. */
export const DEFER_BASE_SECONDS = 30;
const DEFER_MAX_SECONDS = 900;
/** An agent that defers for no time at all must not spin. */
const DEFER_MIN_SECONDS = 1;
/** Waits that are longer leave so much of the places to others: else nothing would be fetched until one of them is over. */
const LONG_SECONDS = 300;
const LONG_SHARE = 0.5;

/** A group's head is spared for so long before another is; then for so many times as long. */
const HEAD_SPARED_MS = 20_000;
const HEAD_SPARED_FACTOR = 4;

/**
 * Runs that were not a message's last: it waits here, under its lease, for another one that costs no receive.
 * 1. A deferred message waits as long as it asked to.
 * 2. The head of a FIFO group that failed waits out its back-off; its tries count as receives.
 * 3. A message that failed while nothing succeeds, and has few receives left, waits until the breaker closes. Where that
 *    can't be known, since those that might succeed wait behind such heads of groups, one head goes on now and then.
 */
export class Reruns {
  readonly #options: RerunsOptions;
  readonly #heldBack: HeldBack;
  readonly #spared: SparedLine;
  #headSparedMs = HEAD_SPARED_MS;

  constructor(options: RerunsOptions) {
    this.#options = options;
    this.#heldBack = new HeldBack(options.clock, (delivery, { kind }) => {
      if (kind === "retry") delivery.countTry();
      this.#resume(delivery);
    });
    this.#spared = new SparedLine(options.clock, options.onPatienceOver);
  }

  /** Messages that wait for another run. */
  get size(): number {
    return this.#heldBack.size + this.#spared.size;
  }

  /** False if the run was the last here: its outcome is to be settled. */
  keep(delivery: Delivery, outcome: Outcome, agentMs: number, nothingSucceeds: boolean): boolean {
    switch (outcome.kind) {
      case "defer":
        return this.#defer(delivery, outcome);
      case "retry":
        if (!delivery.message.intact) return false;
        return (nothingSucceeds && this.#spare(delivery, outcome, agentMs)) || this.#retry(delivery, outcome, agentMs);
      default:
        return false;
    }
  }

  /** Hands on one that was spared, if there is one. */
  tryOne(): void {
    const delivery = this.#spared.takeOldest();
    if (delivery) this.#resume(delivery);
  }

  /** Hands on all that were spared: the breaker has closed. */
  resumeSpared(): void {
    this.#headSparedMs = HEAD_SPARED_MS;
    for (const { delivery } of this.#spared.clear()) this.#resume(delivery);
  }

  /** Forgets and returns all that wait, but for those that may wait on. */
  clear(mayWait: MayWait = () => false): Rerun[] {
    const all = [...this.#spared.clear(), ...this.#heldBack.clear(mayWait)];
    for (const { delivery } of all) delivery.onLeaseLost = undefined;
    return all;
  }

  #defer(delivery: Delivery, outcome: Outcome & { kind: "defer" }): boolean {
    delivery.deferrals++;
    const usual = Math.min(DEFER_MAX_SECONDS, DEFER_BASE_SECONDS * 2 ** Math.min(delivery.deferrals - 1, 10));
    const seconds = Math.max(DEFER_MIN_SECONDS, outcome.afterSeconds ?? usual);
    if (seconds > LONG_SECONDS && this.#isCrowded(delivery)) return false;
    if (!this.#heldBack.hold(delivery, outcome, seconds)) return false;
    this.#watchLease(delivery);
    const { facts } = delivery;
    this.#options.telemetry({ kind: "deferred", delivery: facts, afterSeconds: seconds, reason: outcome.reason });
    return true;
  }

  /** Whether the queue is to hide a message for its wait, which costs a receive: not its last ones, and not a group's. */
  #isCrowded(delivery: Delivery): boolean {
    const { fifo, max, receives } = this.#options;
    return !fifo && this.size >= max * LONG_SHARE && receives.leftAfter(delivery) > 1;
  }

  #retry(delivery: Delivery, outcome: Outcome & { kind: "retry" }, agentMs: number): boolean {
    const { fifo, receives } = this.#options;
    // With no try left it is the queue's: it moves it to the dead letters, if no copy from here can be had.
    if (!fifo || receives.isTriedOut(delivery)) return false;
    const seconds = this.#backOff(delivery, this.#options.operation(delivery, outcome));
    if (seconds === undefined || !this.#heldBack.hold(delivery, outcome, seconds)) return false;
    this.#tell(delivery, outcome, agentMs, seconds);
    return true;
  }

  #backOff({ lease }: Delivery, operation: Operation): number | undefined {
    switch (operation.kind) {
      case "visibility":
        return operation.seconds;
      case "none":
        return Math.max(DEFER_MIN_SECONDS, (lease.expiresAt - this.#options.clock.monotonic()) / 1000);
      default:
        return undefined;
    }
  }

  #spare(delivery: Delivery, outcome: Outcome & { kind: "retry" }, agentMs: number): boolean {
    const { max, receives } = this.#options;
    // One is left for who gets it when this worker ends.
    if (receives.leftAfter(delivery) > 1 || this.#goesOn(delivery)) return false;
    if (this.size >= max || !this.#spared.add(delivery, outcome)) return false;
    this.#tell(delivery, outcome, agentMs, undefined);
    return true;
  }

  /** Whether a head is to give its followers their turn, which tell an outage from messages at fault. */
  #goesOn(head: Delivery): boolean {
    const { hasFollowers, receives } = this.#options;
    if (!hasFollowers(head) || this.#spared.sparedMs(head) < this.#headSparedMs) return false;
    if (receives.isLast(head)) this.#headSparedMs *= HEAD_SPARED_FACTOR;
    return true;
  }

  #tell(delivery: Delivery, { error }: Outcome & { kind: "retry" }, agentMs: number, seconds: number | undefined) {
    const { facts } = delivery;
    this.#options.telemetry({ kind: "retriedHere", delivery: facts, agentMs, afterSeconds: seconds, cause: error });
    this.#watchLease(delivery);
  }

  #watchLease(delivery: Delivery): void {
    delivery.onLeaseLost = () => {
      if (this.#heldBack.drop(delivery) || this.#spared.drop(delivery)) this.#options.onLost(delivery);
    };
  }

  #resume(delivery: Delivery): void {
    delivery.onLeaseLost = undefined;
    this.#options.resume(delivery);
  }
}
