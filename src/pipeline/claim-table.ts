import { type Claim, KEY_BYTES_MAX } from "./idempotency.js";

const INTS_PER_CLAIM = 3;
const FLOATS_PER_CLAIM = 3;
const TEXT_BYTES = 2 * KEY_BYTES_MAX;
const HEADER_BYTES = 8;

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
  readonly buffer: SharedArrayBuffer;
  readonly #capacity: number;
  readonly #header: Int32Array;
  readonly #floats: Float64Array;
  readonly #ints: Int32Array;
  readonly #text: Uint8Array;
  readonly #free: number[] = [];
  #used = 0;
  readonly #holders: (Holder | undefined)[] = [];
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  /** @param capacityOrBuffer how many runs there are at most, or the buffer of another thread's table. */
  constructor(capacityOrBuffer: number | SharedArrayBuffer) {
    if (typeof capacityOrBuffer === "number") {
      const bytes = 4 * INTS_PER_CLAIM + 8 * FLOATS_PER_CLAIM + TEXT_BYTES;
      this.buffer = new SharedArrayBuffer(HEADER_BYTES + capacityOrBuffer * bytes);
      new Int32Array(this.buffer)[0] = capacityOrBuffer;
    } else {
      this.buffer = capacityOrBuffer;
    }
    this.#header = new Int32Array(this.buffer, 0, HEADER_BYTES / 4);
    this.#capacity = this.#header[0]!;
    const intsAt = HEADER_BYTES + this.#capacity * FLOATS_PER_CLAIM * 8;
    const textAt = intsAt + this.#capacity * INTS_PER_CLAIM * 4;
    this.#floats = new Float64Array(this.buffer, HEADER_BYTES, this.#capacity * FLOATS_PER_CLAIM);
    this.#ints = new Int32Array(this.buffer, intsAt, this.#capacity * INTS_PER_CLAIM);
    this.#text = new Uint8Array(this.buffer, textAt, this.#capacity * TEXT_BYTES);
  }

  /** Claims that are held here. */
  get size(): number {
    return this.#used - this.#free.length;
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
    const index = this.#free.pop() ?? this.#used;
    if (index >= this.#capacity) throw new RangeError(`there are more runs than ${this.#capacity} claims`);
    this.#used = Math.max(this.#used, index + 1);
    const keyBytes = this.#write(index, 0, key);
    const ownerBytes = this.#write(index, keyBytes, owner);
    this.#ints[index * INTS_PER_CLAIM + 1] = keyBytes;
    this.#ints[index * INTS_PER_CLAIM + 2] = ownerBytes;
    this.#floats[index * FLOATS_PER_CLAIM] = endsAt;
    this.#floats[index * FLOATS_PER_CLAIM + 1] = epoch;
    this.#floats[index * FLOATS_PER_CLAIM + 2] = fence;
    Atomics.store(this.#header, 1, this.#used);
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
    const used = Atomics.load(this.#header, 1);
    for (let index = 0; index < used; index++) {
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
    this.#free.push(index);
  }

  #generation(index: number): number {
    return Atomics.load(this.#ints, index * INTS_PER_CLAIM);
  }

  #write(index: number, offset: number, text: string): number {
    const at = index * TEXT_BYTES + offset;
    const { read, written } = this.#encoder.encodeInto(text, this.#text.subarray(at, at + KEY_BYTES_MAX));
    if (read === text.length) return written;
    this.#free.push(index);
    throw new RangeError(`a key and its owner have at most ${KEY_BYTES_MAX} bytes each, got ${text}`);
  }

  #read(index: number): Claim & { readonly epoch: number } {
    const keyAt = index * TEXT_BYTES;
    const ownerAt = keyAt + this.#ints[index * INTS_PER_CLAIM + 1]!;
    const end = ownerAt + this.#ints[index * INTS_PER_CLAIM + 2]!;
    return {
      // A decoder refuses shared memory; slice() copies out of it.
      key: this.#decoder.decode(this.#text.slice(keyAt, ownerAt)),
      owner: this.#decoder.decode(this.#text.slice(ownerAt, end)),
      fence: this.#floats[index * FLOATS_PER_CLAIM + 2]!,
      epoch: this.#floats[index * FLOATS_PER_CLAIM + 1]!,
    };
  }
}
