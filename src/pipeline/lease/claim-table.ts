import { type Claim, KEY_BYTES_MAX } from "../ports/idempotency.js";
import { SharedPlaces } from "./shared-places.js";

const INTS_PER_CLAIM = 3;
const FLOATS_PER_CLAIM = 3;
const TEXT_BYTES = 2 * KEY_BYTES_MAX;

/** A claim whose lease ends soon, as who renews it sees it. */
export interface DueClaim extends Claim {
  readonly index: number;
  readonly generation: number;
  /** Monotonic milliseconds. */
  readonly endsAt: number;
  /** Epoch milliseconds at monotonic 0, as the claim's lease counts them. */
  readonly epoch: number;
}

/** A claim for as long as its run lasts. */
export interface HeldClaim {
  /** Monotonic milliseconds at which another may take the key over. */
  readonly endsAt: number;
  /** Nobody renews it any more; its place may be another's from now on. Harmless when repeated. */
  end(): void;
}

interface Holder {
  readonly generation: number;
  readonly onLost: (detail: string) => void;
  told: boolean;
}

/**
 * The claims of all runs at work, in memory that the thread which renews them shares (as the leases are, docs/decisions/006):
 * a run that is short costs two writes and no timer, and one that blocks its event loop is renewed all the same.
 *
 * The main thread alone adds and ends claims. A place's generation is odd while a claim stands in it, and changes with
 * each: what was read of a claim holds if the generation is the same before and after. Nothing is locked, since a renewal
 * that comes too late is refused by the table of keys.
 */
export class ClaimTable {
  readonly #places: SharedPlaces;
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  readonly #holders: (Holder | undefined)[] = [];

  /** @param capacityOrBuffer how many runs there are at most, or the buffer of another thread's table. */
  constructor(capacityOrBuffer: number | SharedArrayBuffer) {
    this.#places = new SharedPlaces(
      { ints: INTS_PER_CLAIM, floats: FLOATS_PER_CLAIM, bytes: TEXT_BYTES },
      capacityOrBuffer,
    );
    this.#ints = this.#places.ints;
    this.#floats = this.#places.floats;
  }

  /** For another thread's table. */
  get buffer(): SharedArrayBuffer {
    return this.#places.buffer;
  }

  /** Claims that are held here. */
  get size(): number {
    return this.#places.size;
  }

  /**
   * Adds a claim.
   * @param endsAt monotonic milliseconds of its lease's end; `epoch` those of the epoch at monotonic 0.
   * @param onLost told once that the key is, or may soon be, another's.
   * @throws RangeError when there are more claims than the capacity, or a key or an owner has more than 1,024 bytes.
   */
  hold(
    { key, owner, fence }: Claim,
    { endsAt, epoch }: { readonly endsAt: number; readonly epoch: number },
    onLost: (detail: string) => void,
  ): HeldClaim {
    const index = this.#places.take();
    if (index === undefined) throw new RangeError(`there are more runs than ${this.#places.capacity} claims`);
    const keyBytes = this.#write(index, 0, key);
    const ownerBytes = this.#write(index, keyBytes, owner);
    this.#ints[index * INTS_PER_CLAIM + 1] = keyBytes;
    this.#ints[index * INTS_PER_CLAIM + 2] = ownerBytes;
    this.#floats[index * FLOATS_PER_CLAIM] = endsAt;
    this.#floats[index * FLOATS_PER_CLAIM + 1] = epoch;
    this.#floats[index * FLOATS_PER_CLAIM + 2] = fence;
    this.#places.show();
    const generation = (this.#generation(index) + 1) | 0;
    Atomics.store(this.#ints, index * INTS_PER_CLAIM, generation);
    this.#holders[index] = { generation, onLost, told: false };
    const floats = this.#floats;
    return {
      get endsAt() {
        return floats[index * FLOATS_PER_CLAIM]!;
      },
      end: () => this.#end(index, generation),
    };
  }

  /** Tells the holders of claims that end before `before` (monotonic milliseconds); for the main thread. */
  loseExpiring(before: number): void {
    for (const [index, holder] of this.#holders.entries()) {
      if (holder && this.#floats[index * FLOATS_PER_CLAIM]! < before)
        this.tellLost(index, holder.generation, "the claim on its key could not be renewed in time");
    }
  }

  /** Tells a claim's holder that it is lost; for the main thread. */
  tellLost(index: number, generation: number, detail: string): void {
    const holder = this.#holders[index];
    if (holder?.generation !== generation || holder.told) return;
    holder.told = true;
    holder.onLost(detail);
  }

  /** The claims that end before `before`, the most urgent first; for who renews. */
  due(before: number): DueClaim[] {
    const due: DueClaim[] = [];
    const { shown } = this.#places;
    for (let index = 0; index < shown; index++) {
      const generation = this.#generation(index);
      const endsAt = this.#floats[index * FLOATS_PER_CLAIM]!;
      if ((generation & 1) === 0 || endsAt >= before) continue;
      const claim = { index, generation, endsAt, ...this.#read(index) };
      if (this.#generation(index) === generation) due.push(claim);
    }
    return due.sort((a, b) => a.endsAt - b.endsAt);
  }

  /** Notes the new end of a lease; for who renews. */
  renewed({ index, generation }: DueClaim, endsAt: number): void {
    // If the place becomes another claim's in between, that one is renewed too early, once.
    if (this.#generation(index) === generation) this.#floats[index * FLOATS_PER_CLAIM] = endsAt;
  }

  #end(index: number, generation: number): void {
    if (this.#holders[index]?.generation !== generation) return;
    this.#holders[index] = undefined;
    Atomics.store(this.#ints, index * INTS_PER_CLAIM, (generation + 1) | 0);
    this.#places.free(index);
  }

  #generation(index: number): number {
    return Atomics.load(this.#ints, index * INTS_PER_CLAIM);
  }

  #write(index: number, offset: number, text: string): number {
    const written = this.#places.write(index, offset, text, KEY_BYTES_MAX);
    if (written !== undefined) return written;
    this.#places.free(index);
    throw new RangeError(`a key and its owner have at most ${KEY_BYTES_MAX} bytes each, got ${text}`);
  }

  #read(index: number): Claim & { readonly epoch: number } {
    const ownerAt = this.#ints[index * INTS_PER_CLAIM + 1]!;
    const end = ownerAt + this.#ints[index * INTS_PER_CLAIM + 2]!;
    return {
      key: this.#places.read(index, 0, ownerAt),
      owner: this.#places.read(index, ownerAt, end),
      fence: this.#floats[index * FLOATS_PER_CLAIM + 2]!,
      epoch: this.#floats[index * FLOATS_PER_CLAIM + 1]!,
    };
  }
}
