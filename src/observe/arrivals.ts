/** What one task sees at one moment. */
export interface ArrivalReading {
  /** Monotonic milliseconds. */
  readonly at: number;
  /** Messages on the queue: visible, in flight and delayed. */
  readonly onQueue: number;
  /** Messages that this task has taken off the queue, since its start. */
  readonly ownGone: number;
}

/** Over less than a second a single batch settled or counted late would read as a burst. */
const WINDOW_MIN_MS = 1_000;
/** The mean over a longer window is history, not what scaling has to answer. */
const WINDOW_MAX_MS = 60_000;
/** Counts are approximate: a lone reading is given 63 % of the say, and readings of ten seconds ago the rest. */
const SMOOTHING_MS = 10_000;

/**
 * Estimates how many messages producers send in a second, from two readings: what the queue has gained, plus what the
 * fleet took off it meanwhile, which is what this task took off times the number of tasks that run.
 */
export class Arrivals {
  #last: ArrivalReading | undefined;
  #smoothed: { perSecond: number; at: number } | undefined;

  /** The rate after one more reading, not below 0; undefined while there are no two readings to compare. */
  observe(reading: ArrivalReading, runningTasks: number): number | undefined {
    const last = this.#last;
    const windowMs = last ? reading.at - last.at : 0;
    if (last && windowMs < WINDOW_MIN_MS) return this.#rate(reading.at);
    this.#last = reading;
    if (!last || windowMs > WINDOW_MAX_MS) return undefined;
    const came = reading.onQueue - last.onQueue + (reading.ownGone - last.ownGone) * runningTasks;
    const perSecond = (came * 1000) / windowMs;
    const before = this.#smoothed;
    const weight = before ? 1 - Math.exp(-(reading.at - before.at) / SMOOTHING_MS) : 1;
    // Kept below 0 as well: noise that is cut off on one side only would read as arrivals.
    this.#smoothed = {
      perSecond: before ? before.perSecond + weight * (perSecond - before.perSecond) : perSecond,
      at: reading.at,
    };
    return this.#rate(reading.at);
  }

  #rate(at: number): number | undefined {
    if (!this.#smoothed || at - this.#smoothed.at > WINDOW_MAX_MS) return undefined;
    return Math.max(0, this.#smoothed.perSecond);
  }
}
