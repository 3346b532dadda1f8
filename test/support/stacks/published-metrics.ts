import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { Metrics } from "../../../src/scaling/metric-series.js";
import type { Stacks } from "./stacks.js";

/** How far back new samples are looked for: workers publish within an interval of ten seconds, a call takes one or two. */
const LOOK_BACK_SECONDS = 30;

/** The SlotDemand that workers published to CloudWatch, second by second, as the scaler's metrics. */
export class PublishedMetrics {
  readonly metrics = new Metrics();
  /** Every sample so far, in the order in which they were seen. */
  readonly samples: { readonly second: number; readonly value: number }[] = [];
  /** What has been taken of each second. */
  readonly #taken = new Map<number, { count: number; sum: number }>();

  constructor(
    private readonly stacks: Stacks,
    private readonly queueName: string,
    private readonly baseMs: number,
  ) {}

  /** Takes over what has been published since the last look; several samples of one second count each. */
  async read(): Promise<void> {
    const metric = {
      Namespace: "Queuehand",
      MetricName: "SlotDemand",
      Dimensions: [{ Name: "QueueName", Value: this.queueName }],
    };
    const query = (Id: string, Stat: string) => ({ Id, MetricStat: { Metric: metric, Period: 1, Stat } });
    const { MetricDataResults = [] } = await this.stacks.cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(Math.max(this.baseMs, Date.now() - LOOK_BACK_SECONDS * 1000)),
        EndTime: new Date(Date.now() + 1000),
        MetricDataQueries: [query("sum", "Sum"), query("count", "SampleCount")],
      }),
    );
    const seconds = (id: string) => {
      const { Timestamps = [], Values = [] } = MetricDataResults.find(({ Id }) => Id === id) ?? {};
      return new Map(Timestamps.map((time, at) => [Math.floor((time.getTime() - this.baseMs) / 1000), Values[at]!]));
    };
    const sums = seconds("sum");
    for (const [second, count] of seconds("count")) this.#take(second, count, sums.get(second)!);
  }

  #take(second: number, count: number, sum: number): void {
    const before = this.#taken.get(second) ?? { count: 0, sum: 0 };
    const fresh = count - before.count;
    if (fresh <= 0) return;
    this.#taken.set(second, { count, sum });
    const value = (sum - before.sum) / fresh;
    for (let sample = 0; sample < fresh; sample++) {
      this.metrics.put("SlotDemand", second, value);
      this.samples.push({ second, value });
    }
  }
}
