import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import type { MetricName } from "../../../src/scaling/metric-name.js";
import { Metrics } from "../../../src/scaling/metric-series.js";
import type { Stacks } from "./stacks.js";

/** How far back new samples are looked for: workers publish within an interval of ten seconds, a call takes one or two. */
const LOOK_BACK_SECONDS = 30;

/** What the policy of infra/scaling.yaml looks at. */
const NAMES = ["SlotDemand", "BacklogMessages", "BacklogPerTask"] as const satisfies MetricName[];

/** What workers published to CloudWatch, second by second, as the scaler's metrics. */
export class PublishedMetrics {
  readonly metrics = new Metrics();
  /** What has been taken of each metric's seconds. */
  readonly #taken = new Map<string, { count: number; sum: number }>();

  constructor(
    private readonly stacks: Stacks,
    private readonly queueName: string,
    private readonly baseMs: number,
  ) {}

  /** Takes over what has been published since the last look; several samples of one second count each. */
  async read(): Promise<void> {
    const Dimensions = [{ Name: "QueueName", Value: this.queueName }];
    const query = (MetricName: string, Id: string, Stat: string) => ({
      Id,
      MetricStat: { Metric: { Namespace: "Queuehand", MetricName, Dimensions }, Period: 1, Stat },
    });
    const { MetricDataResults = [] } = await this.stacks.cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(Math.max(this.baseMs, Date.now() - LOOK_BACK_SECONDS * 1000)),
        EndTime: new Date(Date.now() + 1000),
        MetricDataQueries: NAMES.flatMap((name, at) => [
          query(name, `sum${at}`, "Sum"),
          query(name, `count${at}`, "SampleCount"),
        ]),
      }),
    );
    const seconds = (id: string) => {
      const { Timestamps = [], Values = [] } = MetricDataResults.find(({ Id }) => Id === id) ?? {};
      return new Map(Timestamps.map((time, at) => [Math.floor((time.getTime() - this.baseMs) / 1000), Values[at]!]));
    };
    for (const [at, name] of NAMES.entries()) {
      const sums = seconds(`sum${at}`);
      for (const [second, count] of seconds(`count${at}`)) this.#take(name, second, count, sums.get(second)!);
    }
  }

  #take(name: MetricName, second: number, count: number, sum: number): void {
    const key = `${name} ${second}`;
    const before = this.#taken.get(key) ?? { count: 0, sum: 0 };
    const fresh = count - before.count;
    if (fresh <= 0) return;
    this.#taken.set(key, { count, sum });
    for (let sample = 0; sample < fresh; sample++) this.metrics.put(name, second, (sum - before.sum) / fresh);
  }
}
