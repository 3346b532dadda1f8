import { GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { containerSuite } from "../support/container-suite.js";
import { eventually } from "../support/eventually.js";
import { uploadFunction } from "../support/stacks/bundle.js";
import { ServiceBundle } from "../support/stacks/service-bundle.js";

const START_TIMEOUT_MS = 180_000;
const HIGHEST_DEMAND = 100_000;

containerSuite("the stack keeper on MiniStack", () => {
  let bundle: ServiceBundle;
  let keeper: string;

  beforeAll(async () => {
    bundle = await ServiceBundle.start();
    const { stacks } = bundle.ministack;
    const { FunctionName } = await stacks.deploy("work-keeper", "keeper", {
      QueueUrl: bundle.queue.QueueUrl!,
      QueueArn: bundle.queue.QueueArn!,
      QueueName: bundle.queue.QueueName!,
      ClusterName: bundle.cluster.ClusterName!,
      ServiceNames: bundle.serviceName,
      ...(await uploadFunction(stacks, "infra/keeper/index.ts")),
    });
    keeper = FunctionName!;
  }, START_TIMEOUT_MS);
  afterAll(() => bundle?.ministack.stop(), START_TIMEOUT_MS);

  /** Has it called as its rule does, without waiting for its end. */
  async function call(): Promise<void> {
    const url = `${bundle.ministack.stacks.endpoint}/2015-03-31/functions/${keeper}/invocations`;
    const response = await fetch(url, { method: "POST", headers: { "x-amz-invocation-type": "Event" }, body: "{}" });
    expect(response.status).toBe(202);
  }

  async function highestDemand(): Promise<number | undefined> {
    const now = Date.now();
    const { Datapoints = [] } = await bundle.ministack.stacks.cloudWatch.send(
      new GetMetricStatisticsCommand({
        Namespace: "Queuehand",
        MetricName: "SlotDemand",
        Dimensions: [{ Name: "QueueName", Value: bundle.queue.QueueName! }],
        StartTime: new Date(now - 600_000),
        EndTime: new Date(now + 60_000),
        Period: 60,
        Statistics: ["Maximum"],
      }),
    );
    return Datapoints.reduce<number | undefined>((most, { Maximum = 0 }) => Math.max(most ?? 0, Maximum), undefined);
  }

  test(
    "a message that finds no task is told as the highest demand, and a task that this wakes handles it",
    async () => {
      await bundle.scaleTo(0);
      const ids = await bundle.send("asleep", 1, 10);

      await call();
      await eventually(highestDemand, (demand) => demand === HIGHEST_DEMAND);

      // What Application Auto Scaling does on WakeAlarm, which no emulator has.
      await bundle.scaleTo(1);
      await bundle.settled(ids);
      expect(await bundle.account(ids)).toEqual({ missing: [], doubled: [] });
    },
    START_TIMEOUT_MS,
  );
});
