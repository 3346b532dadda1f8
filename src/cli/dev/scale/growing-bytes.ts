/** A byte for each number from 0; it grows as numbers are written, and what was never written is 0. */
export class GrowingBytes {
  #bytes = new Uint8Array(1 << 16);

  at(index: number): number {
    return this.#bytes[index] ?? 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#bytes.length) {
      const larger = new Uint8Array(Math.max(index + 1, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[index] = value;
  }

  or(index: number, bits: number): void {
    this.set(index, this.at(index) | bits);
  }

  clear(): void {
    this.#bytes.fill(0);
  }
}
