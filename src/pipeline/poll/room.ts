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
  /** Messages that wait under their lease for another run. */
  readonly heldBack: number;
  readonly settling: number;
  /** Messages that may be fetched for budgets to let them start soon; Infinity where that bounds nothing. */
  readonly budgets: number;
  /** Messages that wait for budgets. */
  readonly unbudgeted: number;
  /** Nothing is taken any more. */
  readonly closed: boolean;
  /** While the breaker is open: whether a message may be fetched to be tried. Undefined: it is closed. */
  readonly trial: boolean | undefined;
}

/** Ended runs whose outcome isn't carried out yet, beyond one for each slot: more, and the queue is the bottleneck. */
const SETTLING_EXTRA = 500;
/** Copies to the dead letters that wait to be certain: more, and what is rejected is tried again instead. */
export const COPIES_MAX = 250;
/** Messages that wait behind their group's head, which may itself wait for hours: ten groups' worth, and more for each slot. */
const BLOCKED_EXTRA = 100;
const BLOCKED_PER_SLOT = 10;
/** Messages that wait under their lease for another run: so many, and nothing is fetched until some of them have run. */
const HELD_BACK_PER_SLOT = 10;
const HELD_BACK_EXTRA = 100;
/** Messages that wait for budgets while others that need none are looked for behind them. */
const UNBUDGETED_PER_SLOT = 20;
const UNBUDGETED_EXTRA = 400;
/** Messages that open polls may bring beyond what was asked for. */
const OVERSHOOT = 200;

/** Messages that may wait under their lease for another run before nothing more is fetched. */
export function heldBackMax(slots: number): number {
  return HELD_BACK_EXTRA + slots * HELD_BACK_PER_SLOT;
}

function unbudgetedMax(slots: number): number {
  return UNBUDGETED_EXTRA + slots * UNBUDGETED_PER_SLOT;
}

function blockedMax(slots: number): number {
  return BLOCKED_EXTRA + slots * BLOCKED_PER_SLOT;
}

/** Leases that a worker of so many slots can need at once. */
export function leasesFor(slots: number): number {
  const started = slots + slots + SETTLING_EXTRA + COPIES_MAX;
  const unstarted = bufferCapacity(slots) + blockedMax(slots) + unbudgetedMax(slots) + OVERSHOOT;
  return started + unstarted + heldBackMax(slots);
}

/** What may be fetched beside what is in hand. */
export function demandBeside(held: Held): Demand {
  const { slots, bufferMax, busy, waiting, trial, budgets } = held;
  const step = Math.max(1, Math.ceil(bufferMax / 2));
  if (isFull(held)) return { room: 0, idleSlots: 0, step };
  if (trial !== undefined) {
    const room = Number(trial);
    return { room, idleSlots: room, step };
  }
  const idleSlots = slots - busy - waiting;
  const room = idleSlots + bufferMax;
  if (budgets >= room) return { room, idleSlots, step };
  // What budgets let start is fetched ahead of time, and so by several at once rather than one at a time.
  return { room: budgets, idleSlots: 0, step: Math.max(1, Math.min(step, Math.ceil(budgets / 2))) };
}

function isFull({ slots, closed, settling, blocked, heldBack, unbudgeted }: Held): boolean {
  if (closed || settling >= slots + SETTLING_EXTRA || blocked >= blockedMax(slots)) return true;
  return heldBack >= heldBackMax(slots) || unbudgeted >= unbudgetedMax(slots);
}
