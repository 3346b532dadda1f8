import { createHmac } from "node:crypto";
import { DescribeAlarmsCommand, ListMetricsCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readTemplate, type Value } from "../../infra/checks/template.js";
import { createWorker, loadConfig, type Worker } from "../../src/index.js";
import { containerSuite } from "../support/container-suite.js";
import { eventually } from "../support/eventually.js";
import { put } from "../support/stacks/bundle.js";
import { LocalStackStacks } from "../support/stacks/localstack-stacks.js";
import type { Values } from "../support/stacks/stacks.js";

const START_TIMEOUT_MS = 180_000;

interface Event {
  readonly source: string;
  readonly detail: { readonly object?: { readonly key: string }; readonly order?: number };
}

containerSuite("the stacks queue, sources and observability on LocalStack", () => {
  let localstack: LocalStackStacks;
  let queue: Values;
  let sources: Values;
  let worker: Worker;
  let running: Promise<unknown>;
  const bodies: unknown[] = [];

  beforeAll(async () => {
    localstack = await LocalStackStacks.start();
    const { stacks } = localstack;
    queue = await stacks.deploy("work", "queue");
    await stacks.deploy("work-alarms", "observability", {
      QueueName: queue.QueueName!,
      DeadLetterQueueName: queue.DeadLetterQueueName!,
      ClusterName: "work",
      ServiceName: "work",
      LogGroupName: "/queuehand/work",
    });
    sources = await stacks.deploy("work-sources", "sources", {
      QueueArn: queue.QueueArn!,
      QueueName: queue.QueueName!,
      DeadLetterQueueArn: queue.DeadLetterQueueArn!,
      CreateBucket: "true",
      ObjectPrefix: "in/",
      EventSource: "my.shop",
      Schedule: "rate(1 minute)",
      Webhook: "true",
    });
    await eventually(
      () => alarmState("HeartbeatAlarm"),
      (state) => state === "ALARM",
    );
    // Both are a matter of a minute: the letter is sent now, so that its alarm is seen while the clock is waited for.
    expect(await alarmState("DeadLettersAlarm")).not.toBe("ALARM");
    await stacks.send(queue.DeadLetterQueueUrl!, ["lost"]);
    const { endpoint, client } = stacks;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: client.region,
      AWS_ACCESS_KEY_ID: client.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: client.credentials.secretAccessKey,
    });
    const config = loadConfig({
      SQS_QUEUE_URL: queue.QueueUrl!,
      HANDLER: "in this process",
      POLL_INTERVAL_SECONDS: "1",
      HTTP_PORT: "off",
      LOG_LEVEL: "silent",
    });
    worker = createWorker(async ({ body }: { body: unknown }) => {
      bodies.push(body);
    }, config);
    running = worker.run();
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await worker?.stop();
    await running;
    await localstack?.stop();
  }, START_TIMEOUT_MS);

  async function alarm(id: string) {
    const { MetricAlarms = [] } = await localstack.stacks.cloudWatch.send(new DescribeAlarmsCommand({}));
    return MetricAlarms.find(({ AlarmName }) => AlarmName?.includes(id));
  }

  async function alarmState(id: string): Promise<string | undefined> {
    return (await alarm(id))?.StateValue;
  }

  /** LocalStack looks at an alarm when it is put, and then only once in all its periods. */
  async function lookAgain(id: string): Promise<void> {
    const { AlarmName, EvaluationPeriods, ComparisonOperator, ...rest } = (await alarm(id))!;
    const { Namespace, MetricName, Dimensions, Statistic, Period, Threshold, TreatMissingData } = rest;
    await localstack.stacks.cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName,
        EvaluationPeriods,
        ComparisonOperator,
        Namespace,
        MetricName,
        Dimensions,
        Statistic,
        Period,
        Threshold,
        TreatMissingData,
      }),
    );
  }

  const events = (source: string) =>
    bodies.filter((body): body is Event => (body as Partial<Event>).source === source).map(({ detail }) => detail);

  test("an object that is put reaches the agent, and one outside the prefix doesn't", async () => {
    const bucket = `${localstack.stacks.endpoint}/${sources.BucketName}`;
    await put(`${bucket}/out/other.txt`, "hello");
    await put(`${bucket}/in/task.txt`, "hello");

    const objects = await eventually(
      async () => events("aws.s3"),
      (found) => found.length > 0,
    );
    expect(objects.map(({ object }) => object?.key)).toEqual(["in/task.txt"]);
  });

  test("an event of the application reaches the agent", async () => {
    const entry = { Source: "my.shop", DetailType: "order", Detail: JSON.stringify({ order: 7 }) };
    await localstack.call("events", "/", {
      headers: { "x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1" },
      body: JSON.stringify({ Entries: [entry] }),
    });

    const orders = await eventually(
      async () => events("my.shop"),
      (found) => found.length > 0,
    );
    expect(orders).toEqual([{ order: 7 }]);
  });

  test("the clock reaches the agent", async () => {
    const isScheduled = (body: unknown) => (body as { task_id?: string }).task_id === "scheduled";
    await eventually(
      async () => bodies.some(isScheduled),
      (reached) => reached,
      90_000,
    );
  }, 100_000);

  test("a webhook's body reaches the agent; strangers and bodies that are no object are refused", async () => {
    const key = (await localstack.call("apigateway", `/apikeys/${sources.WebhookKeyId}?includeValue=true`)) as {
      value: string;
    };
    const call = (body: string, apiKey = key.value) =>
      localstack.webhook(sources.WebhookUrl!, body, { "x-api-key": apiKey });

    expect(await call('{"hook": "a&b=c %41 ü"}')).toBe(202);
    expect(await call("[1]")).toBe(400);
    expect(await call("no json")).toBe(400);
    expect(await call('{"hook": 2}', "wrong")).toBe(403);

    const isHook = (body: unknown): body is { hook: unknown } => "hook" in (body as object);
    const hooks = await eventually(
      async () => bodies.filter(isHook),
      (found) => found.length > 0,
    );
    expect(hooks).toEqual([{ hook: "a&b=c %41 ü" }]);
  });

  test(
    "a signed webhook reaches the agent with its headers; strangers' are dead letters, with the reason",
    async () => {
      const { stacks } = localstack;
      const queue = await stacks.deploy("hooks", "queue");
      const { WebhookUrl, ...others } = await stacks.deploy("hooks-sources", "sources", {
        QueueArn: queue.QueueArn!,
        QueueName: queue.QueueName!,
        DeadLetterQueueArn: queue.DeadLetterQueueArn!,
        Webhook: "true",
        WebhookKey: "false",
        WebhookLogs: "role-exists",
      });
      expect(others).toEqual({});
      process.env.HOOK_SECRET = "queuehand test";
      const hooks: { body: unknown; raw: string; attributes: object }[] = [];
      const config = loadConfig({
        SQS_QUEUE_URL: queue.QueueUrl!,
        HANDLER: "in this process",
        WEBHOOK_SIGNATURE: "github:HOOK_SECRET",
        HOOK_SECRET: process.env.HOOK_SECRET,
        POLL_INTERVAL_SECONDS: "1",
        METRICS: "off",
        HTTP_PORT: "off",
        LOG_LEVEL: "silent",
      });
      const signed = createWorker(async ({ body, raw, attributes }) => {
        hooks.push({ body, raw, attributes });
      }, config);
      const ended = signed.run();
      const signatureOf = (body: string) =>
        `sha256=${createHmac("sha256", process.env.HOOK_SECRET!).update(body).digest("hex")}`;
      const good = '{"hook": "a&b=c %41 ü",  "n": 1}';
      const forged = '{"hook": "forged"}';

      // Headers in the letters of the sender, and in those of a sender by HTTP/2.
      const headers = {
        "X-Hub-Signature-256": signatureOf(good),
        "x-github-event": "push",
        "X-Other": "not passed on",
      };
      expect(await localstack.webhook(WebhookUrl!, good, headers)).toBe(202);
      expect(await localstack.webhook(WebhookUrl!, forged, { "X-Hub-Signature-256": signatureOf(good) })).toBe(202);
      expect(await localstack.webhook(WebhookUrl!, '{"hook": "bare"}', {})).toBe(202);

      const reasons: (string | undefined)[] = [];
      await eventually(
        async () => {
          const receive = { QueueUrl: queue.DeadLetterQueueUrl!, MessageAttributeNames: ["All"] };
          const { Messages = [] } = await stacks.sqs.send(new ReceiveMessageCommand(receive));
          reasons.push(...Messages.map(({ MessageAttributes = {} }) => MessageAttributes.QueuehandReason?.StringValue));
          return [hooks.length, reasons.length];
        },
        ([runs = 0, letters = 0]) => runs >= 1 && letters >= 2,
      );
      await signed.stop();
      await ended;
      expect(hooks).toEqual([
        {
          body: { hook: "a&b=c %41 ü", n: 1 },
          raw: good,
          attributes: {
            "X-Hub-Signature-256": signatureOf(good),
            "X-GitHub-Event": "push",
          },
        },
      ]);
      expect(reasons.sort()).toEqual([
        "the webhook has no X-Hub-Signature-256: its sender must sign, and the API must pass it on",
        "the webhook's signature is wrong",
      ]);
    },
    START_TIMEOUT_MS,
  );

  test("the heartbeat alarm goes off without a worker, and is quiet on the metrics of one", async () => {
    await eventually(
      async () =>
        (await localstack.stacks.cloudWatch.send(new ListMetricsCommand({ MetricName: "BacklogMessages" }))).Metrics,
      (metrics) => (metrics ?? []).length > 0,
    );

    await lookAgain("HeartbeatAlarm");

    await eventually(
      () => alarmState("HeartbeatAlarm"),
      (state) => state === "OK",
    );
  });

  test(
    "the dead-letter alarm goes off on the first dead letter",
    async () => {
      await eventually(
        () => alarmState("DeadLettersAlarm"),
        (state) => state === "ALARM",
        150_000,
      );
    },
    START_TIMEOUT_MS,
  );

  test("the worker has made no call that its role doesn't grant", () => {
    const policies = readTemplate("cluster", new URL("../../../infra/", import.meta.url)).Resources.TaskRole!
      .Properties!.Policies as readonly { PolicyDocument: { Statement: readonly Value[] } }[];
    const granted = JSON.stringify(policies);
    // The stacks' own services and this test call as well; the worker's are those on its queue and its metrics.
    const byWorker = localstack.calls.filter((call) =>
      /^(sqs\.(Receive|Delete|Change)|cloudwatch\.PutMetricData)/.test(call),
    );
    const actions = new Set(byWorker.map((call) => call.replace(".", ":").replace(/Batch$/, "")));

    expect([...actions].sort()).toEqual(["cloudwatch:PutMetricData", "sqs:DeleteMessage", "sqs:ReceiveMessage"]);
    expect([...actions].filter((action) => !granted.includes(`"${action}"`))).toEqual([]);
  });
});
