import { type HistoryRange, type History as HistoryView, SERIES, type SeriesName, type Step } from "./api-history.js";
import { SeriesRing, type StepValues } from "./series-ring.js";

const HOUR_STEPS = 3_600;
const DAY_STEPS = 1_440;
const SECONDS_PER_MINUTE = 60;

/** What a minute has more of than each of its seconds; the rest is what it was at the minute's end. */
const SUMMED: readonly SeriesName[] = ["received", "done", "retry", "reject", "defer", "interrupted", "leaseLost"];
/** A burst is to be seen in a day, too: the most of the minute. */
const PEAKS: readonly SeriesName[] = ["waiting", "busy", "buffered"];

/** An hour by the second and a day by the minute: two megabytes, taken at the start, whatever the load. */
export class History {
  readonly #hour = new SeriesRing(HOUR_STEPS);
  readonly #day = new SeriesRing(DAY_STEPS);
  #inMinute: StepValues = {};
  #seconds = 0;

  /**
   * @param at epoch milliseconds of the second's end.
   * @param minuteTimes the quantiles of the minute; asked for when one is over.
   */
  add(at: number, values: StepValues, minuteTimes: () => StepValues): void {
    this.#hour.add(at, values);
    const minute = this.#inMinute;
    for (const name of SUMMED) minute[name] = (minute[name] ?? 0) + (values[name] ?? 0);
    for (const name of PEAKS) minute[name] = most(minute[name], values[name]);
    if (++this.#seconds < SECONDS_PER_MINUTE) return;
    this.#day.add(at, { ...values, ...minute, ...minuteTimes() });
    this.#inMinute = {};
    this.#seconds = 0;
  }

  newest(): Step | undefined {
    return this.#hour.newest();
  }

  /** The sum of the last `seconds` of the hour. */
  sum(name: SeriesName, seconds: number): number {
    return this.#hour.sum(name, seconds);
  }

  /** Seconds that are kept of the hour. */
  get seconds(): number {
    return this.#hour.length;
  }

  view(range: HistoryRange): HistoryView {
    const ring = range === "hour" ? this.#hour : this.#day;
    const series = Object.fromEntries(SERIES.map((name) => [name, ring.series(name)])) as unknown;
    return {
      range,
      stepSeconds: range === "hour" ? 1 : SECONDS_PER_MINUTE,
      at: ring.ends(),
      series: series as HistoryView["series"],
    };
  }
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
