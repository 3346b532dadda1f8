import { Lease, type LeasePlaces } from "../ports/lease.js";
import { SharedPlaces } from "./shared-places.js";

const FREE = 0;
/** Held for the worker; the extender may take it for one extension. */
const HELD = 1;
/** The extender has a visibility change under way. */
const EXTENDING = 2;
/** The acknowledger has a delete or a visibility change under way. */
const SETTLING = 3;
/** Expired or taken away: nothing may be done to the message any more. */
const LOST = 4;

/** SQS documents at most 1,024 characters; emulators stay below it as well. */
const HANDLE_BYTES = 2048;
/** State, generation, length of the handle, extensions. */
const INTS_PER_LEASE = 4;
/** When it ends, when it began, when it was last extended. */
const FLOATS_PER_LEASE = 3;

/** What a lease that the extender takes looks like to it. */
export interface DueLease {
  readonly index: number;
  readonly generation: number;
  readonly handle: string;
  /** Monotonic milliseconds of the request that received the message. */
  readonly heldSince: number;
  readonly expiresAt: number;
}

/**
 * The leases of everything in a worker's hands, in memory that the extender's thread shares. A lease costs the main
 * thread one write instead of a message between threads, and the extender sees it even while an agent blocks the main
 * thread's event loop.
 *
 * Each lease has one owner at a time (held, extending, settling), changed by compare-and-swap: operations on one
 * message never race. Only the main thread adds and frees leases.
 */
export class LeaseTable implements LeasePlaces {
  readonly #places: SharedPlaces;
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  /** The main thread's view: whose lease stands where. */
  readonly #leases: (Lease | undefined)[] = [];

  /** @param capacityOrBuffer how many leases there are at most, or the buffer of another thread's table. */
  constructor(capacityOrBuffer: number | SharedArrayBuffer) {
    this.#places = new SharedPlaces(
      { ints: INTS_PER_LEASE, floats: FLOATS_PER_LEASE, bytes: HANDLE_BYTES },
      capacityOrBuffer,
    );
    this.#ints = this.#places.ints;
    this.#floats = this.#places.floats;
  }

  /** For another thread's table. */
  get buffer(): SharedArrayBuffer {
    return this.#places.buffer;
  }

  /** Adds a lease; undefined when the table is full or the handle is too long to be kept. */
  hold(handle: string, heldSince: number, expiresAt: number): Lease | undefined {
    const index = this.#places.take();
    if (index === undefined) return undefined;
    const written = this.#places.write(index, 0, handle, HANDLE_BYTES);
    if (written === undefined) {
      this.#places.free(index);
      return undefined;
    }
    const generation = (this.#ints[index * INTS_PER_LEASE + 1]! + 1) | 0;
    this.#ints[index * INTS_PER_LEASE + 1] = generation;
    this.#ints[index * INTS_PER_LEASE + 2] = written;
    this.#ints[index * INTS_PER_LEASE + 3] = 0;
    this.#floats[index * FLOATS_PER_LEASE] = expiresAt;
    this.#floats[index * FLOATS_PER_LEASE + 1] = heldSince;
    this.#places.show();
    Atomics.store(this.#ints, index * INTS_PER_LEASE, HELD);
    const lease = new Lease(this, index, generation);
    this.#leases[index] = lease;
    return lease;
  }

  /** Leases that are held here, lost ones included. */
  get size(): number {
    return this.#places.size;
  }

  /** Gives up every lease that ends before `before` (monotonic milliseconds) and tells its holder; for the main thread. */
  loseExpiring(before: number): void {
    for (let index = 0; index < this.#places.used; index++) {
      const state = this.#state(index);
      if (state === FREE || state === LOST || this.#floats[index * FLOATS_PER_LEASE]! >= before) continue;
      this.lapse(index);
    }
  }

  /** @internal */
  lapse(index: number): boolean {
    if (!this.#lose(index)) return false;
    this.#leases[index]?.onLost?.("its visibility timeout could not be extended in time");
    return true;
  }

  /** Tells a lease's holder that the extender found it lost; for the main thread. */
  tellLost(index: number, generation: number, reason: string): void {
    const lease = this.#leases[index];
    if (lease?.generation === generation && this.isLost(index)) lease.onLost?.(reason);
  }

  /** Takes every held lease that ends before `before` for extension; for the extender. Each must be given back. */
  takeDue(before: number): DueLease[] {
    const due: DueLease[] = [];
    const { shown } = this.#places;
    for (let index = 0; index < shown; index++) {
      if (this.#state(index) !== HELD || this.#floats[index * FLOATS_PER_LEASE]! >= before) continue;
      if (!this.#swap(index, HELD, EXTENDING)) continue;
      due.push({
        index,
        generation: this.#ints[index * INTS_PER_LEASE + 1]!,
        handle: this.#places.read(index, 0, this.#ints[index * INTS_PER_LEASE + 2]!),
        heldSince: this.#floats[index * FLOATS_PER_LEASE + 1]!,
        expiresAt: this.#floats[index * FLOATS_PER_LEASE]!,
      });
    }
    return due;
  }

  /** Ends an extension: with the new end of the lease and when that was asked for, or the old end when nothing changed. */
  giveBack({ index, generation }: DueLease, expiresAt: number, extendedAt?: number): void {
    if (!this.#isTaken(index, generation)) return;
    this.#floats[index * FLOATS_PER_LEASE] = expiresAt;
    if (extendedAt !== undefined) {
      this.#floats[index * FLOATS_PER_LEASE + 2] = extendedAt;
      this.#ints[index * INTS_PER_LEASE + 3]! += 1;
    }
    this.#leave(index, EXTENDING, HELD);
  }

  /** Ends an extension with the knowledge that the lease is gone; false if that was known already. */
  giveUp({ index, generation }: DueLease): boolean {
    return this.#isTaken(index, generation) && this.#leave(index, EXTENDING, LOST);
  }

  /** A thread that died can't give back what it took; for the main thread, before the next one starts. */
  reclaimExtending(): void {
    for (let index = 0; index < this.#places.used; index++) this.#leave(index, EXTENDING, HELD);
  }

  #lose(index: number): boolean {
    return this.#leave(index, HELD, LOST) || this.#leave(index, EXTENDING, LOST) || this.#leave(index, SETTLING, LOST);
  }

  /** @internal True once this lease is being settled; a promise while an extension is under way. */
  lock(index: number): boolean | Promise<boolean> {
    if (this.#swap(index, HELD, SETTLING)) return true;
    if (this.#state(index) !== EXTENDING) return false;
    const waiting = Atomics.waitAsync(this.#ints, index * INTS_PER_LEASE, EXTENDING);
    return Promise.resolve(waiting.value).then(() => this.lock(index));
  }

  /** @internal */
  unlock(index: number): boolean {
    return this.#leave(index, SETTLING, HELD);
  }

  /** @internal */
  free(index: number): void {
    this.#leases[index] = undefined;
    Atomics.store(this.#ints, index * INTS_PER_LEASE, FREE);
    this.#places.free(index);
  }

  /** @internal */
  isLost(index: number): boolean {
    return this.#state(index) === LOST;
  }

  /** @internal */
  expiresAt(index: number): number {
    return this.#floats[index * FLOATS_PER_LEASE]!;
  }

  /** @internal */
  heldSince(index: number): number {
    return this.#floats[index * FLOATS_PER_LEASE + 1]!;
  }

  /** @internal */
  extensions(index: number): number {
    return this.#ints[index * INTS_PER_LEASE + 3]!;
  }

  /** @internal */
  extendedAt(index: number): number {
    return this.#floats[index * FLOATS_PER_LEASE + 2]!;
  }

  #isTaken(index: number, generation: number): boolean {
    return this.#state(index) === EXTENDING && this.#ints[index * INTS_PER_LEASE + 1] === generation;
  }

  #state(index: number): number {
    return Atomics.load(this.#ints, index * INTS_PER_LEASE);
  }

  #swap(index: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#ints, index * INTS_PER_LEASE, from, to) === from;
  }

  #leave(index: number, from: number, to: number): boolean {
    if (!this.#swap(index, from, to)) return false;
    if (from === EXTENDING) Atomics.notify(this.#ints, index * INTS_PER_LEASE);
    return true;
  }
}
