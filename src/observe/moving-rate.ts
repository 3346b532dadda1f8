/** Long enough to be calm, short enough to be now. */
const WINDOW_MS = 10_000;
/** Least distance of two samples; with the window it bounds their number. */
const SAMPLE_MS = 1_000;

/**
 * How fast a count grows, over about the last ten seconds. It samples when somebody asks: no timer runs for it, and who
 * doesn't ask doesn't pay.
 */
export class MovingRate {
  readonly #samples: { readonly at: number; readonly count: number }[];

  /** @param at monotonic milliseconds at which the count was nought. */
  constructor(at: number) {
    this.#samples = [{ at, count: 0 }];
  }

  /** The growth a second, since the last time that anybody asked if that is longer ago than ten seconds. */
  perSecond(at: number, count: number): number {
    const samples = this.#samples;
    while (samples.length > 1 && samples[1]!.at <= at - WINDOW_MS) samples.shift();
    const oldest = samples[0]!;
    if (at - samples.at(-1)!.at >= SAMPLE_MS) samples.push({ at, count });
    return at > oldest.at ? ((count - oldest.count) * 1000) / (at - oldest.at) : 0;
  }
}
