/** Buckets in each doubling: 16 keep a bucket within 1/16 of its lower bound. */
const PER_DOUBLING = 16;
/** Values below 2^-10 (with milliseconds: one microsecond) share the first bucket. */
const LOWEST_EXPONENT = -10;
/** Values from 2^31 on (with milliseconds: 24 days; a message lives 14 at most) share the last one. */
const HIGHEST_EXPONENT = 31;
const BUCKETS = (HIGHEST_EXPONENT - LOWEST_EXPONENT) * PER_DOUBLING + 1;
const HIGHEST = 2 ** HIGHEST_EXPONENT * (1 - 2 ** -20);

// The upper 16 bits of a double are its sign, its exponent and the first four bits of its mantissa: read as a number
// they count buckets of this very shape, and no logarithm is needed.
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = 1;
const HIGH_WORD = words[1] === 0 ? 0 : 1;
const OFFSET = (1023 + LOWEST_EXPONENT) * PER_DOUBLING - 1;

/** Distinct values with how often each occurred, as PutMetricData takes them. */
export interface ValuesAndCounts {
  readonly values: number[];
  readonly counts: number[];
}

/**
 * A distribution of non-negative numbers in log-scaled buckets. Recording costs some nanoseconds and allocates nothing;
 * counts and sums are exact, single values are known to within a sixteenth. Negative numbers and NaN count as 0.
 *
 * It only ever grows: who publishes by intervals keeps a copy and takes the difference, so that several may read the
 * same histogram at their own pace.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  /** Of the values in each bucket, so that a bucket's mean, and with it the whole sum, is exact. */
  readonly #sums = new Float64Array(BUCKETS);

  record(value: number): void {
    let bucket = 0;
    if (value > 0) {
      double[0] = Math.min(value, HIGHEST);
      const index = (words[HIGH_WORD]! >>> 16) - OFFSET;
      if (index > 0) bucket = index;
      this.#sums[bucket]! += double[0];
    }
    this.#counts[bucket]! += 1;
  }

  /** How many values were recorded. */
  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  get sum(): number {
    return this.#sums.reduce((sum, part) => sum + part, 0);
  }

  /** The arithmetic mean; 0 of nothing. */
  get mean(): number {
    return this.sum / (this.count || 1);
  }

  /** The value that the share `quantile` (0..1; 0 the least value, 1 the greatest) doesn't exceed; 0 of nothing. */
  quantile(quantile: number): number {
    const rank = Math.ceil(this.count * quantile);
    let seen = 0;
    let last = 0;
    for (const [value, count] of this.#filled()) {
      last = value;
      seen += count;
      if (seen >= rank) break;
    }
    return last;
  }

  /** How many values were at most `bound`; exact where `bound` is a power of two or a sixteenth step between two. */
  countUpTo(bound: number): number {
    let count = 0;
    for (let bucket = 0; bucket < BUCKETS && upperBound(bucket) <= bound; bucket++) count += this.#counts[bucket]!;
    return count;
  }

  /** The distribution as at most `most` distinct values (neighbours share one where needed), each times `scale`. */
  valuesAndCounts(most: number, scale = 1): ValuesAndCounts {
    const filled = [...this.#filled()];
    const values: number[] = [];
    const counts: number[] = [];
    const together = Math.ceil(filled.length / most);
    for (let at = 0; at < filled.length; at += together) {
      const group = filled.slice(at, at + together);
      const count = group.reduce((sum, [, times]) => sum + times, 0);
      values.push((group.reduce((sum, [value, times]) => sum + value * times, 0) / count) * scale);
      counts.push(count);
    }
    return { values, counts };
  }

  copy(): Histogram {
    return new Histogram().merge(this);
  }

  /** Adds everything that `other` has seen; returns itself. */
  merge(other: Histogram): this {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.#counts[bucket]! += other.#counts[bucket]!;
      this.#sums[bucket]! += other.#sums[bucket]!;
    }
    return this;
  }

  /** What was recorded since `earlier`, a copy of this histogram, was taken. */
  since(earlier: Histogram): Histogram {
    const difference = new Histogram();
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      difference.#counts[bucket] = this.#counts[bucket]! - earlier.#counts[bucket]!;
      difference.#sums[bucket] = this.#sums[bucket]! - earlier.#sums[bucket]!;
    }
    return difference;
  }

  /** Mean and count of each bucket that holds anything, rising. */
  *#filled(): Generator<[value: number, count: number]> {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#counts[bucket]!;
      if (count > 0) yield [Math.min(upperBound(bucket), Math.max(0, this.#sums[bucket]! / count)), count];
    }
  }
}

/** The least number that a bucket is too low for. */
function upperBound(bucket: number): number {
  const exponent = LOWEST_EXPONENT + Math.floor(bucket / PER_DOUBLING);
  return 2 ** exponent * (1 + (bucket % PER_DOUBLING) / PER_DOUBLING);
}
