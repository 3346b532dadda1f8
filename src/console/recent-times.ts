/** What of a histogram that only grows is used; `observe` has it. Values are milliseconds. */
export interface GrowingTimes<Self> {
  readonly count: number;
  /** The value that the share `quantile` (0..1) doesn't exceed. */
  quantile(quantile: number): number;
  copy(): Self;
  /** What was recorded since `earlier`, a copy, was taken. */
  since(earlier: Self): Self;
}

/** In milliseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

const COPY_EVERY_MS = 10_000;
/** With the distance of the copies this makes the window: a minute, and up to ten seconds more. */
const COPIES_MAX = 7;

/** Quantiles of about the last minute, of times whose histogram knows only everything since the start. */
export class RecentTimes<Times extends GrowingTimes<Times>> {
  readonly #times: Times;
  readonly #copies: { readonly at: number; readonly times: Times }[];

  /** @param at monotonic milliseconds of now. */
  constructor(times: Times, at: number) {
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
    const recent = this.#times.since(this.#copies[0]!.times);
    return recent.count > 0 ? { p50: recent.quantile(0.5), p99: recent.quantile(0.99) } : undefined;
  }
}
