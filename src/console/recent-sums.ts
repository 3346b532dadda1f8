import type { OutcomeKind } from "../pipeline/ports/outcome.js";

/** Counts that only grow, at one moment. */
export interface Sums {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly handled: number;
  readonly received: number;
  readonly receives: number;
  readonly done: number;
  readonly failed: number;
  readonly withoutRun: number;
  readonly settled: Readonly<Record<OutcomeKind, number>>;
}

/** By how much they grew. */
export type Growth = Omit<Sums, "settled">;

/** A minute of seconds, and where it began. */
const SAMPLES_MAX = 61;
/** Calm enough to read, quick enough to follow a burst. */
const RATE_SAMPLES = 5;

/** By how much counts grew of late, sampled once a second. */
export class RecentSums {
  readonly #samples: Sums[] = [];

  add(sums: Sums): void {
    this.#samples.push(sums);
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  get newest(): Sums | undefined {
    return this.#samples.at(-1);
  }

  /** The growth of the last `samples` seconds, a minute at most, `at` being how long that was; nought before two samples. */
  growth(samples = SAMPLES_MAX - 1): Growth {
    const newest = this.#samples.at(-1);
    const oldest = this.#samples.at(-1 - samples) ?? this.#samples[0];
    const by = (name: keyof Growth) => (newest && oldest ? newest[name] - oldest[name] : 0);
    return {
      at: by("at"),
      handled: by("handled"),
      received: by("received"),
      receives: by("receives"),
      done: by("done"),
      failed: by("failed"),
      withoutRun: by("withoutRun"),
    };
  }

  /** The growth of one count in a second, over the last five. */
  perSecond(name: "handled" | "received"): number {
    const growth = this.growth(RATE_SAMPLES);
    return growth.at > 0 ? (growth[name] * 1_000) / growth.at : 0;
  }
}
