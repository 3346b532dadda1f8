import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { expect, test } from "@jest/globals";
import { eventually } from "../support/eventually.js";
import { imageSuite } from "../support/image-suite.js";
import { EMPTY } from "../support/localstack.js";

/** Everything that design.md names, and nothing else. */
const METRICS = [
  "AgentSeconds",
  "BacklogMessages",
  "BacklogPerTask",
  "Interruptions",
  "LeasesLost",
  "MessagesSettled",
  "QueueDelaySeconds",
  "ReceiveErrors",
  "SettleErrors",
  "SlotDemand",
  "TimeInQueueSeconds",
];

imageSuite("the worker's image on LocalStack", (bundle) => {
  test("handles every message once, then is idle and ends with 0 on SIGTERM", async () => {
    const queue = await bundle.localStack.createQueues("handles");
    const taskIds = Array.from({ length: 100 }, (_, n) => `task-${n}`);
    await bundle.localStack.sendTasks(queue, taskIds, 20);
    const worker = await bundle.startWorker(queue);

    await worker.bringsAbout(bundle.localStack.countsBecome(queue.url, EMPTY));
    expect(worker.tasksDone().toSorted()).toEqual(taskIds.toSorted());
    expect(await bundle.localStack.counts(queue.deadLetterUrl)).toEqual(EMPTY);

    await worker.signal("SIGTERM");
    expect(await worker.end()).toMatchObject({ exitCode: 0 });
  });

  test("runs with a read-only root, no capabilities, and not as root", async () => {
    const queue = await bundle.localStack.createQueues("hardened");
    const worker = await bundle.startWorker(queue);
    await worker.running();
    expect(await worker.inspect()).toMatchObject({ user: "node", readOnly: true });
    // Process 1 is the init, which hands signals on; the worker is its child.
    const ids = await worker.run(["sh", "-c", "grep -h '^\\(Name\\|Uid\\|CapEff\\)' /proc/1/status"]);
    expect(ids.split("\n").map((line) => line.split(/\s+/).slice(0, 2))).toEqual([
      ["Name:", "tini"],
      ["Uid:", "1000"],
      ["CapEff:", "0000000000000000"],
    ]);
    await expect(worker.run(["touch", "/app/anything"])).rejects.toThrow(/Read-only file system/);
  });

  test.each([
    ["in a pool of processes", { ISOLATION: "process" }],
    ["in a process for each message", { ISOLATION: "process-per-message" }],
    ["as a program", { HANDLER: "exec:grep -q task_id" }],
  ])("runs agents %s as well, on its read-only root", async (_, environment) => {
    const queue = await bundle.localStack.createQueues(
      `isolated-${Object.values(environment)[0]?.replaceAll(/\W+/g, "-")}`,
    );
    await bundle.localStack.sendTasks(queue, ["task-1", "task-2", "task-3"], 20);
    const worker = await bundle.startWorker(queue, environment);
    await worker.bringsAbout(bundle.localStack.countsBecome(queue.url, EMPTY));
    expect(await bundle.localStack.counts(queue.deadLetterUrl)).toEqual(EMPTY);
    // The engine hands a container's lines on with a delay of its own.
    const done = async () =>
      worker.lines.where(({ fields }) => fields.msg === "message settled" && fields.outcome === "done");
    expect(await eventually(done, ({ length }) => length >= 3)).toHaveLength(3);
  });

  test("buries the processes that agents leave behind", async () => {
    const queue = await bundle.localStack.createQueues("orphans");
    const worker = await bundle.startWorker(queue);
    await worker.running();
    // Orphans: their parent ends at once, and process 1 inherits them.
    await worker.run(["sh", "-c", "(sleep 0.3 &) ; (sleep 0.4 &)"]);
    await worker.run(["sleep", "1"]);
    const states = await worker.run(["sh", "-c", "grep -h '^State' /proc/[0-9]*/status"]);
    expect(states).not.toMatch(/zombie/);
    expect(states.split("\n").length).toBeGreaterThanOrEqual(2); // the init, the worker
  });

  test("becomes healthy, by the image's own health check", async () => {
    const queue = await bundle.localStack.createQueues("healthy");
    const worker = await bundle.startWorker(queue);
    await worker.healthy();
    await expect(worker.run(["node", "healthcheck.mjs"])).resolves.toBe("");
  });

  test("is healthy without a port as well", async () => {
    const queue = await bundle.localStack.createQueues("portless");
    const worker = await bundle.startWorker(queue, { HTTP_PORT: "off" });
    await worker.running();
    await worker.healthy();
  });

  test("finishes and deletes what its agents work on when SIGTERM comes in mid-work, then ends with 0", async () => {
    const queue = await bundle.localStack.createQueues("mid-work");
    const taskIds = Array.from({ length: 5 }, (_, n) => `task-${n}`);
    await bundle.localStack.sendTasks(queue, taskIds, 3000);
    const worker = await bundle.startWorker(queue);
    await worker.started(taskIds.length);

    await worker.signal("SIGTERM");
    expect(await worker.end()).toMatchObject({ exitCode: 0 });
    expect(worker.tasksDone().toSorted()).toEqual(taskIds);
    expect(await bundle.localStack.counts(queue.url)).toEqual(EMPTY);
  });

  test("ends with 0 when SIGINT comes while it is idle", async () => {
    const queue = await bundle.localStack.createQueues("idle");
    const worker = await bundle.startWorker(queue);
    await worker.running();
    await worker.signal("SIGINT");
    expect(await worker.end()).toMatchObject({ exitCode: 0 });
  });

  test("releases what can't end in its budget, then ends with 75", async () => {
    const queue = await bundle.localStack.createQueues("deadline");
    await bundle.localStack.sendTasks(queue, ["slow-1", "slow-2"], 300_000);
    const worker = await bundle.startWorker(queue, { SHUTDOWN_TIMEOUT_SECONDS: "3", VISIBILITY_TIMEOUT: "600" });
    await worker.started(2);

    await worker.signal("SIGTERM");
    expect(await worker.end()).toMatchObject({ exitCode: 75 });
    // Visible at once, ten minutes before the visibility timeout.
    expect(await bundle.localStack.counts(queue.url)).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("ends at once when a second signal comes: %s, %d", async (signal, exitCode) => {
    const queue = await bundle.localStack.createQueues(`second-${signal}`);
    await bundle.localStack.sendTasks(queue, ["slow"], 300_000);
    const worker = await bundle.startWorker(queue);
    await worker.started(1);

    await worker.signal(signal);
    await worker.lines.first(({ fields }) => fields.state === "draining");
    await worker.signal(signal);
    expect(await worker.end()).toMatchObject({ exitCode });
  });

  test("loses nothing when it is killed in mid-work: another worker gets the messages", async () => {
    const queue = await bundle.localStack.createQueues("killed");
    const taskIds = Array.from({ length: 5 }, (_, n) => `task-${n}`);
    await bundle.localStack.sendTasks(queue, taskIds, 2000);
    const killed = await bundle.startWorker(queue);
    await killed.started(taskIds.length);

    await killed.signal("SIGKILL");
    expect(await killed.end()).toMatchObject({ exitCode: 137 });
    expect(killed.tasksDone()).toEqual([]);

    const successor = await bundle.startWorker(queue);
    await successor.bringsAbout(bundle.localStack.countsBecome(queue.url, EMPTY));
    expect(successor.tasksDone().toSorted()).toEqual(taskIds);
    expect(await bundle.localStack.counts(queue.deadLetterUrl)).toEqual(EMPTY);
  });

  test("finishes what runs and ends with 69 when its queue is deleted under it", async () => {
    const queue = await bundle.localStack.createQueues("deleted");
    await bundle.localStack.sendTasks(queue, ["last"], 3000);
    const worker = await bundle.startWorker(queue);
    await worker.started(1);

    await bundle.localStack.deleteQueue(queue.url);
    expect(await worker.end()).toMatchObject({ exitCode: 69 });
    expect(worker.tasksDone()).toEqual(["last"]);
  });

  test("publishes its metrics to CloudWatch", async () => {
    const queue = await bundle.localStack.createQueues("metrics");
    const worker = await bundle.startWorker(queue, { METRICS: "cloudwatch", METRICS_INTERVAL_SECONDS: "10" });
    await bundle.localStack.sendTasks(
      queue,
      Array.from({ length: 20 }, (_, n) => `task-${n}`),
      50,
    );
    await worker.bringsAbout(bundle.localStack.countsBecome(queue.url, EMPTY));
    await worker.bringsAbout(bundle.localStack.metricsBecome(queue.name, METRICS));
    await worker.signal("SIGTERM"); // the last values are flushed on the way out
    expect(await worker.end()).toMatchObject({ exitCode: 0 });

    const { MetricDataResults } = await bundle.localStack.cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(Date.now() - 600_000),
        EndTime: new Date(Date.now() + 60_000),
        MetricDataQueries: [
          {
            Id: "done",
            MetricStat: {
              Metric: {
                Namespace: "Queuehand",
                MetricName: "MessagesSettled",
                Dimensions: [
                  { Name: "QueueName", Value: queue.name },
                  { Name: "Outcome", Value: "done" },
                ],
              },
              Period: 60,
              Stat: "Sum",
            },
          },
        ],
      }),
    );
    const values = MetricDataResults?.[0]?.Values ?? [];
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(20);
  });
});
