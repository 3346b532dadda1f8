import { SERIES, type SeriesName, type Step } from "./api-history.js";

const COLUMN = Object.fromEntries(SERIES.map((name, index) => [name, index])) as Record<SeriesName, number>;
/** Times have more digits than anybody can see. */
const PRECISION = 10;

/** The values of one step; those that are missing aren't known. */
export type StepValues = Partial<Record<SeriesName, number | undefined>>;

/** The last steps of all series, in memory that is taken once. */
export class SeriesRing {
  readonly #at: Float64Array;
  readonly #values: Float64Array;
  readonly #capacity: number;
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#at = new Float64Array(capacity);
    this.#values = new Float64Array(capacity * SERIES.length);
  }

  /** Steps that are kept. */
  get length(): number {
    return Math.min(this.#count, this.#capacity);
  }

  /** @param at epoch milliseconds of its end. */
  add(at: number, values: StepValues): void {
    const row = this.#count++ % this.#capacity;
    this.#at[row] = at;
    for (const name of SERIES) {
      const value = values[name];
      this.#values[row * SERIES.length + COLUMN[name]] =
        value === undefined ? Number.NaN : Math.round(value * PRECISION) / PRECISION;
    }
  }

  /** The sum of the newest `steps` values; what isn't known counts as nothing. */
  sum(name: SeriesName, steps: number): number {
    let sum = 0;
    for (let back = 1; back <= Math.min(steps, this.length); back++) sum += this.#value(this.#count - back, name) || 0;
    return sum;
  }

  newest(): Step | undefined {
    if (this.#count === 0) return undefined;
    const newest = this.#count - 1;
    const values = Object.fromEntries(SERIES.map((name) => [name, known(this.#value(newest, name))]));
    return { at: this.#at[newest % this.#capacity]!, values: values as Step["values"] };
  }

  /** The ends of the steps, oldest first. */
  ends(): number[] {
    return this.#each((step) => this.#at[step % this.#capacity]!);
  }

  series(name: SeriesName): (number | null)[] {
    return this.#each((step) => known(this.#value(step, name)));
  }

  #value(step: number, name: SeriesName): number {
    return this.#values[(step % this.#capacity) * SERIES.length + COLUMN[name]]!;
  }

  #each<Value>(read: (step: number) => Value): Value[] {
    const oldest = this.#count - this.length;
    return Array.from({ length: this.length }, (_, index) => read(oldest + index));
  }
}

const known = (value: number) => (Number.isNaN(value) ? null : value);
