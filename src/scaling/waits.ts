/** Width of a bin, seconds: what a percentile may be off by. */
const BIN_SECONDS = 0.02;

/** Waits beyond it are counted together; their greatest is known exactly. */
const BINS_END_SECONDS = 20_000;

/** How long messages waited, in seconds, from sent to agent started. */
export class Waits {
  private readonly bins = new Uint32Array(BINS_END_SECONDS / BIN_SECONDS + 1);
  private top = -1;
  private sum = 0;
  count = 0;
  max = 0;

  add(seconds: number): void {
    const bin = seconds >= BINS_END_SECONDS ? this.bins.length - 1 : (seconds / BIN_SECONDS) | 0;
    this.bins[bin]!++;
    if (bin > this.top) this.top = bin;
    if (seconds > this.max) this.max = seconds;
    this.sum += seconds;
    this.count++;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  /** The wait that the given share (0..1) of messages didn't exceed, to within BIN_SECONDS; 0 without messages. */
  quantile(share: number): number {
    let left = share * this.count;
    if (this.count === 0 || this.bins[0]! >= left) return 0;
    for (let bin = 0; bin < this.top; bin++) {
      left -= this.bins[bin]!;
      if (left <= 0) return (bin + 0.5) * BIN_SECONDS;
    }
    return this.max;
  }
}
