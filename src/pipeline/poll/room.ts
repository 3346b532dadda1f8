import { bufferCapacity } from "./agent-pace.js";

/** How many messages a worker would take, and how much it wants them. */
export interface Demand {
  /** Free slots and free places in the buffer. */
  readonly room: number;
  /** Slots for which nothing waits in the buffer. */
  readonly idleSlots: number;
  /** The room that is worth a receive while no slot is idle. */
  readonly step: number;
}

/** What is in a worker's hands. */
interface Held {
  readonly slots: number;
  /** Messages that may wait for a slot while all are busy. */
  readonly bufferMax: number;
  readonly busy: number;
  /** Messages that wait for a slot. */
  readonly waiting: number;
  /** Messages that wait behind others of their FIFO group. */
  readonly blocked: number;
  readonly settling: number;
  /** Nothing is taken any more. */
  readonly closed: boolean;
  readonly breaker: { readonly open: boolean; readonly pausing: boolean };
}

/** Ended runs whose outcome isn't carried out yet, beyond one for each slot: more, and the queue is the bottleneck. */
const SETTLING_EXTRA = 500;
export const DEFERRED_PER_SLOT = 4;
const BLOCKED_PER_SLOT = 10;
/** Messages that open polls may bring beyond what was asked for. */
const OVERSHOOT = 200;

/** Leases that a worker of so many slots can need at once. */
export function leasesFor(slots: number): number {
  return (
    slots * (1 + DEFERRED_PER_SLOT + BLOCKED_PER_SLOT) + bufferCapacity(slots) + slots + SETTLING_EXTRA + OVERSHOOT
  );
}

/** What may be fetched beside what is in hand. */
export function demandBeside(held: Held): Demand {
  const { slots, closed, bufferMax, busy, waiting, blocked, settling, breaker } = held;
  const step = Math.max(1, Math.ceil(bufferMax / 2));
  if (closed || settling >= slots + SETTLING_EXTRA || blocked >= slots * BLOCKED_PER_SLOT) {
    return { room: 0, idleSlots: 0, step };
  }
  if (breaker.open) {
    const room = busy + waiting > 0 || breaker.pausing ? 0 : 1;
    return { room, idleSlots: room, step };
  }
  const idleSlots = slots - busy - waiting;
  return { room: idleSlots + bufferMax, idleSlots, step };
}
