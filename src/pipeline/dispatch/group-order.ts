import type { Delivery } from "../ports/delivery.js";

/**
 * The order of FIFO groups: of each group one delivery is at work, and those received with it wait behind it.
 * Groups know nothing of each other.
 */
export class GroupOrder {
  readonly #followers = new Map<string, Delivery[]>();
  #blocked = 0;

  /** Deliveries that wait behind their group's head. */
  get blocked(): number {
    return this.#blocked;
  }

  /** True if the delivery may start now; else it waits behind its group's head, in the order of sequence numbers. */
  admit(delivery: Delivery): boolean {
    const group = groupOf(delivery);
    const followers = this.#followers.get(group);
    if (!followers) {
      this.#followers.set(group, []);
      return true;
    }
    let at = followers.length;
    while (at > 0 && precedes(delivery, followers[at - 1]!)) at--;
    followers.splice(at, 0, delivery);
    this.#blocked++;
    return false;
  }

  /** Whether others of its group wait behind it here. */
  hasFollowers(head: Delivery): boolean {
    return (this.#followers.get(groupOf(head))?.length ?? 0) > 0;
  }

  /** The head has ended well: the next of its group, if one waits here. */
  next(head: Delivery): Delivery | undefined {
    const group = groupOf(head);
    const next = this.#followers.get(group)?.shift();
    if (next) this.#blocked--;
    else this.#followers.delete(group);
    return next;
  }

  /** The head has failed: its followers in order, none of which may start here any more. */
  dissolve(head: Delivery): Delivery[] {
    const group = groupOf(head);
    const followers = this.#followers.get(group) ?? [];
    this.#followers.delete(group);
    this.#blocked -= followers.length;
    return followers;
  }

  /** Takes back followers of any group, last ones first, until so many are left; returns them in order. Heads stay. */
  shorten(left: number): Delivery[] {
    const taken: Delivery[] = [];
    for (const followers of this.#followers.values()) {
      if (this.#blocked <= left) break;
      const cut = followers.splice(Math.max(0, followers.length - (this.#blocked - left)));
      this.#blocked -= cut.length;
      taken.push(...cut);
    }
    return taken;
  }

  /** Every follower of every group, in order within a group; heads stay. */
  clear(): Delivery[] {
    const all: Delivery[] = [];
    for (const followers of this.#followers.values()) all.push(...followers.splice(0));
    this.#blocked = 0;
    return all;
  }
}

const groupOf = (delivery: Delivery) => delivery.message.groupId ?? "";

function precedes(a: Delivery, b: Delivery): boolean {
  const [left, right] = [a.message.sequenceNumber ?? "", b.message.sequenceNumber ?? ""];
  // Sequence numbers are decimal strings beyond what a number holds.
  return left.length === right.length ? left < right : left.length < right.length;
}
