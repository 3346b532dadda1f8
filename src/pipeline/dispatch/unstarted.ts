import type { Delivery } from "../ports/delivery.js";
import type { BudgetLanes } from "./budget-lanes.js";
import { GroupOrder } from "./group-order.js";
import type { WaitingLine } from "./waiting-line.js";

/** What is in hand and has no slot: deliveries that wait for one, and in a FIFO queue those behind their group's head. */
export class Unstarted {
  readonly #line: WaitingLine;
  readonly #groups: GroupOrder | undefined;

  constructor(line: WaitingLine, fifo: boolean) {
    this.#line = line;
    this.#groups = fifo ? new GroupOrder() : undefined;
  }

  get size(): number {
    return this.#line.size + this.#line.lanes.size + this.blocked;
  }

  /** Deliveries that wait for a slot. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Deliveries that wait for budgets. */
  get unbudgeted(): number {
    return this.#line.lanes.size;
  }

  /** What waits for budgets, lane by lane. */
  get lanes(): BudgetLanes {
    return this.#line.lanes;
  }

  /** Deliveries that wait behind their group's head. */
  get blocked(): number {
    return this.#groups?.blocked ?? 0;
  }

  /** Whether others of its FIFO group wait behind it. */
  hasFollowers(head: Delivery): boolean {
    return this.#groups?.hasFollowers(head) ?? false;
  }

  /** Whether deliveries wait for others of their group. */
  get isGrouped(): boolean {
    return this.#groups !== undefined;
  }

  /** Adds a delivery that came from the queue. */
  add(delivery: Delivery): void {
    if (!this.#groups || this.#groups.admit(delivery)) this.#queue(delivery);
  }

  /** Adds one that was started before; in a FIFO queue it is still its group's head. */
  addAgain(delivery: Delivery): void {
    this.#queue(delivery);
  }

  /**
   * A delivery has ended: `gone` from the queue, and the next of its group may start; or it comes back, and its followers
   * must not overtake it. Returns these, in order: they have to go back as well.
   */
  ended(delivery: Delivery, gone: boolean): Delivery[] {
    if (!this.#groups) return [];
    if (!gone) return this.#groups.dissolve(delivery);
    const next = this.#groups.next(delivery);
    if (next) this.#queue(next);
    return [];
  }

  /** False if it didn't wait for a slot any more. */
  remove(delivery: Delivery): boolean {
    return this.#line.remove(delivery);
  }

  /**
   * Keeps so many of those that budgets let start within `ms` milliseconds, those with the most receives first, and what
   * `must` stay; returns the rest, groups in order.
   */
  keep(count: number, ms = 0, must: (delivery: Delivery) => boolean = () => false): Delivery[] {
    const heads = this.#line.keep(count, ms, must);
    const whole = heads.flatMap((head) => [head, ...(this.#groups?.dissolve(head) ?? [])]);
    return whole.concat(this.#groups?.shorten(Math.max(0, count - this.#line.size - this.#line.lanes.size)) ?? []);
  }

  /** From now on nobody is told of those that are late. */
  stop(): void {
    this.#line.stop();
  }

  /** From now on nothing is started: no timer is left. */
  shut(): void {
    this.#line.lanes.stop();
  }

  #queue(delivery: Delivery): void {
    this.#line.add(delivery);
    // In a FIFO queue nobody else could have it sooner.
    if (!this.#groups) this.#line.watch();
  }
}
