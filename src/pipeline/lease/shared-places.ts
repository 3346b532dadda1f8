/** What each place holds: so many whole numbers, floats, and bytes of text. */
export interface PlaceLayout {
  readonly ints: number;
  readonly floats: number;
  readonly bytes: number;
}

/** The capacity, and how many places were ever taken. */
const HEADER_BYTES = 8;

/**
 * Memory that threads share, in numbered places of one layout. The main thread alone takes and frees places; what stands
 * in them, and who may change it when, is its user's business. Place `n` has its numbers from `n` × the layout's count on.
 */
export class SharedPlaces {
  /** For another thread, which makes its own view of it. */
  readonly buffer: SharedArrayBuffer;
  readonly ints: Int32Array;
  readonly floats: Float64Array;
  readonly capacity: number;
  readonly #bytes: Uint8Array;
  readonly #bytesPerPlace: number;
  readonly #header: Int32Array;
  /** The last freed on top: a small working set stays small in memory. */
  readonly #free: number[] = [];
  #used = 0;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  constructor({ ints, floats, bytes }: PlaceLayout, capacityOrBuffer: number | SharedArrayBuffer) {
    if (typeof capacityOrBuffer === "number") {
      this.buffer = new SharedArrayBuffer(HEADER_BYTES + capacityOrBuffer * (4 * ints + 8 * floats + bytes));
      new Int32Array(this.buffer)[0] = capacityOrBuffer;
    } else {
      this.buffer = capacityOrBuffer;
    }
    this.#header = new Int32Array(this.buffer, 0, HEADER_BYTES / 4);
    this.capacity = this.#header[0]!;
    this.#bytesPerPlace = bytes;
    const intsAt = HEADER_BYTES + this.capacity * floats * 8;
    const bytesAt = intsAt + this.capacity * ints * 4;
    this.floats = new Float64Array(this.buffer, HEADER_BYTES, this.capacity * floats);
    this.ints = new Int32Array(this.buffer, intsAt, this.capacity * ints);
    this.#bytes = new Uint8Array(this.buffer, bytesAt, this.capacity * bytes);
  }

  /** Places that were ever taken; all others are empty. For the main thread. */
  get used(): number {
    return this.#used;
  }

  /** The same, as other threads may see it: places that were shown. */
  get shown(): number {
    return Atomics.load(this.#header, 1);
  }

  /** Places that are taken. */
  get size(): number {
    return this.#used - this.#free.length;
  }

  /** A free place; undefined when there is none. */
  take(): number | undefined {
    return this.#free.pop() ?? (this.#used < this.capacity ? this.#used++ : undefined);
  }

  /** Shows other threads all places that were taken. */
  show(): void {
    Atomics.store(this.#header, 1, this.#used);
  }

  free(place: number): void {
    this.#free.push(place);
  }

  /** Writes text into a place's bytes, from `offset` on; returns how many it took, or undefined if it doesn't fit. */
  write(place: number, offset: number, text: string, bytesMax: number): number | undefined {
    const at = place * this.#bytesPerPlace + offset;
    const { read, written } = this.#encoder.encodeInto(text, this.#bytes.subarray(at, at + bytesMax));
    return read < text.length ? undefined : written;
  }

  read(place: number, from: number, to: number): string {
    const at = place * this.#bytesPerPlace;
    // A decoder refuses shared memory; slice() copies out of it.
    return this.#decoder.decode(this.#bytes.slice(at + from, at + to));
  }
}
