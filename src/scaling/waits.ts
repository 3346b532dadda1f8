/** Width of a bin, seconds: what a percentile may be off by, up to FINE_END_SECONDS and beyond it. */
const FINE_SECONDS = 0.02;
const COARSE_SECONDS = 10;
const FINE_END_SECONDS = 2_000;

/** Waits beyond eleven days are counted together; their greatest is known exactly. */
const COARSE_END_SECONDS = 1_000_000;
const FINE_BINS = FINE_END_SECONDS / FINE_SECONDS;
const BINS = FINE_BINS + (COARSE_END_SECONDS - FINE_END_SECONDS) / COARSE_SECONDS + 1;

/** How long messages waited, in seconds, from sent to agent started. */
export class Waits {
  private readonly bins = new Uint32Array(BINS);
  private top = 0;
  private sum = 0;
  count = 0;
  max = 0;

  add(seconds: number): void {
    const bin = binOf(seconds);
    this.bins[bin]!++;
    if (bin > this.top) this.top = bin;
    if (seconds > this.max) this.max = seconds;
    this.sum += seconds;
    this.count++;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  /** The wait that the given share (0..1) of messages didn't exceed, to within a bin; 0 without messages. */
  quantile(share: number): number {
    let left = share * this.count;
    if (this.count === 0 || this.bins[0]! >= left) return 0;
    for (let bin = 0; bin < this.top; bin++) {
      left -= this.bins[bin]!;
      if (left <= 0) return middleOf(bin);
    }
    return this.max;
  }
}

function binOf(seconds: number): number {
  if (seconds < FINE_END_SECONDS) return (seconds / FINE_SECONDS) | 0;
  if (seconds >= COARSE_END_SECONDS) return BINS - 1;
  return FINE_BINS + (((seconds - FINE_END_SECONDS) / COARSE_SECONDS) | 0);
}

function middleOf(bin: number): number {
  if (bin < FINE_BINS) return (bin + 0.5) * FINE_SECONDS;
  return FINE_END_SECONDS + (bin - FINE_BINS + 0.5) * COARSE_SECONDS;
}
