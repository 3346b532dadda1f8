import type { MetricName, Statistic } from "./metric-name.js";

/** The samples of one metric, in the order of their times. */
class MetricSeries {
  private readonly times: number[] = [];
  private readonly values: number[] = [];

  add(time: number, value: number): void {
    let at = this.times.length;
    while (at > 0 && this.times[at - 1]! > time) at--;
    this.times.splice(at, 0, time);
    this.values.splice(at, 0, value);
    if (this.times.length > KEPT * 2) {
      this.times.splice(0, KEPT);
      this.values.splice(0, KEPT);
    }
  }

  /** The statistic over `from <= time < to`, or undefined where there is no sample: missing data. */
  over(from: number, to: number, statistic: Statistic): number | undefined {
    let count = 0;
    let sum = 0;
    let max = Number.NEGATIVE_INFINITY;
    let min = Number.POSITIVE_INFINITY;
    for (let at = this.times.length - 1; at >= 0 && this.times[at]! >= from; at--) {
      if (this.times[at]! >= to) continue;
      const value = this.values[at]!;
      count++;
      sum += value;
      if (value > max) max = value;
      if (value < min) min = value;
    }
    if (count === 0) return undefined;
    switch (statistic) {
      case "Average":
        return sum / count;
      case "Maximum":
        return max;
      case "Minimum":
        return min;
      case "Sum":
        return sum;
      case "SampleCount":
        return count;
    }
  }
}

/** Enough for the longest period of an alarm (an hour) at five samples in ten seconds. */
const KEPT = 2000;

/** The metrics of one queue, as CloudWatch keeps them. */
export class Metrics {
  private readonly series = new Map<MetricName, MetricSeries>();

  /** @param time seconds since the start; samples may arrive out of order. */
  put(metric: MetricName, time: number, value: number): void {
    let series = this.series.get(metric);
    if (!series) {
      series = new MetricSeries();
      this.series.set(metric, series);
    }
    series.add(time, value);
  }

  /** The statistic of a metric over `from <= time < to`, seconds; undefined where data are missing. */
  over(metric: MetricName, from: number, to: number, statistic: Statistic): number | undefined {
    return this.series.get(metric)?.over(from, to, statistic);
  }
}
