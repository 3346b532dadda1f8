import type { Histogram } from "../observe/histogram.js";
import type { Quantiles } from "./api.js";

const COPY_EVERY_MS = 10_000;
/** With the distance of the copies this makes the window: a minute, and up to ten seconds more. */
const COPIES_MAX = 7;
const NONE: Quantiles = { count: 0, p50: 0, p95: 0, p99: 0 };

/** Quantiles of about the last minute, of times whose histogram knows only everything since the start. */
export class RecentTimes {
  readonly #times: Histogram;
  readonly #copies: { readonly at: number; readonly times: Histogram }[];

  /** @param at monotonic milliseconds of now. */
  constructor(times: Histogram, at: number) {
    this.#times = times;
    this.#copies = [{ at, times: times.copy() }];
  }

  /** To be called now and then; most calls do nothing. */
  tick(at: number): void {
    if (at - this.#copies.at(-1)!.at < COPY_EVERY_MS) return;
    this.#copies.push({ at, times: this.#times.copy() });
    if (this.#copies.length > COPIES_MAX) this.#copies.shift();
  }

  /** Undefined where nothing was recorded of late. */
  quantiles(): Quantiles | undefined {
    const recent = quantilesOf(this.#times.since(this.#copies[0]!.times));
    return recent.count > 0 ? recent : undefined;
  }
}

/** Quantiles of one step after another. */
export class StepTimes {
  readonly #times: Histogram;
  #last: Histogram;
  #lastCount: number;

  constructor(times: Histogram) {
    this.#times = times;
    this.#last = times.copy();
    this.#lastCount = times.count;
  }

  /** Of what was recorded since the last call; undefined of nothing, which costs next to nothing. */
  next(): Quantiles | undefined {
    const { count } = this.#times;
    if (count === this.#lastCount) return undefined;
    const quantiles = quantilesOf(this.#times.since(this.#last));
    this.#last = this.#times.copy();
    this.#lastCount = count;
    return quantiles;
  }
}

function quantilesOf(times: Histogram): Quantiles {
  const { count } = times;
  if (count === 0) return NONE;
  return { count, p50: times.quantile(0.5), p95: times.quantile(0.95), p99: times.quantile(0.99) };
}
