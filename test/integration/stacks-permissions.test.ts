import { ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createWorker, type Fact, loadConfig, Reject, Retry } from "../../src/index.js";
import { containerSuite } from "../support/container-suite.js";
import { eventually } from "../support/eventually.js";
import { type AccessKey, createUser, rolePolicy } from "../support/stacks/iam.js";
import { MiniStack } from "../support/stacks/ministack.js";
import type { Values } from "../support/stacks/stacks.js";

const START_TIMEOUT_MS = 180_000;

interface Policy {
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Action: string | readonly string[];
    readonly Condition?: unknown;
  }[];
}

/**
 * A policy as the emulator understands it. It knows no ecs:cluster and no cloudwatch:namespace, so that a statement under
 * such a condition allows nothing; and it takes batch calls for actions of their own, where AWS asks for the single ones.
 */
function asEmulated({ Statement, ...policy }: Policy) {
  const single = /^sqs:(SendMessage|DeleteMessage|ChangeMessageVisibility)$/;
  return {
    ...policy,
    Statement: Statement.map(({ Condition: _, Action, ...statement }) => ({
      ...statement,
      Action: [Action].flat().flatMap((action) => (single.test(action) ? [action, `${action}Batch`] : action)),
    })),
  };
}

containerSuite("the task role on a MiniStack that enforces permissions", () => {
  let ministack: MiniStack;
  let queue: Values;
  let cluster: Values;
  let user: AccessKey;

  beforeAll(async () => {
    ministack = await MiniStack.start({ auth: true });
    const { stacks } = ministack;
    queue = await stacks.deploy("work", "queue");
    cluster = await stacks.deploy("work-cluster", "cluster", {
      VpcId: "vpc-00000001",
      QueueArn: queue.QueueArn!,
      DeadLetterQueueArn: queue.DeadLetterQueueArn!,
      CreateIdempotencyTable: "true",
    });
    const role = cluster.TaskRoleArn!.split("/").at(-1)!;
    const policy = JSON.parse(await rolePolicy(stacks, role, "work-on-the-queue")) as Policy;
    user = await createUser(stacks, "worker", asEmulated(policy));
  }, START_TIMEOUT_MS);
  afterAll(() => ministack?.stop(), START_TIMEOUT_MS);

  test("the queue's policy refuses plain HTTP, whatever the role allows", async () => {
    const sqs = new SQSClient({ ...ministack.stacks.client, credentials: user });
    await expect(sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.QueueUrl! }))).rejects.toThrow(/explicit deny/);
    sqs.destroy();
  });

  test(
    "the role allows everything that a worker does",
    async () => {
      const { stacks } = ministack;
      // The emulator speaks nothing but plain HTTP, so from here on it is the encrypted way that is refused.
      const turned = (text: string) => text.replaceAll('aws:SecureTransport: "false"', 'aws:SecureTransport: "true"');
      await stacks.deploy("work", "queue", {}, turned);
      Object.assign(process.env, {
        AWS_ENDPOINT_URL: stacks.endpoint,
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: user.accessKeyId,
        AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
      });
      const facts: Fact[] = [];
      const tries = new Map<string, number>();
      const config = loadConfig({
        SQS_QUEUE_URL: queue.QueueUrl!,
        HANDLER: "in this process",
        IDEMPOTENCY_TABLE: cluster.IdempotencyTableName!,
        VISIBILITY_TIMEOUT: "15",
        POLL_INTERVAL_SECONDS: "1",
        HTTP_PORT: "off",
        LOG_LEVEL: "silent",
      });
      const worker = createWorker(
        async ({ raw }) => {
          tries.set(raw, (tries.get(raw) ?? 0) + 1);
          if (raw === "reject") throw new Reject("it was asked to");
          if (raw === "retry" && tries.get(raw) === 1) throw new Retry(0);
        },
        config,
        { telemetry: (fact) => facts.push(fact) },
      );
      const running = worker.run();

      await stacks.send(queue.QueueUrl!, ["done", "retry", "reject"]);
      await eventually(
        async () => ({ ...(await stacks.counts(queue.QueueUrl!)), tries: tries.size }),
        ({ visible, inFlight, tries: seen }) => visible + inFlight === 0 && seen === 3,
      );
      await eventually(
        async () => (await stacks.cloudWatch.send(new ListMetricsCommand({ MetricName: "BacklogMessages" }))).Metrics,
        (metrics) => (metrics ?? []).length > 0,
      );
      await worker.stop();
      const { exitCode } = await running;

      expect(exitCode).toBe(0);
      expect(Object.fromEntries(tries)).toEqual({ done: 1, retry: 2, reject: 1 });
      expect((await stacks.counts(queue.DeadLetterQueueUrl!)).visible).toBe(1);
      const failed = facts.filter(({ kind }) => /Failed$|^warning$/.test(kind));
      expect(failed).toEqual([]);
    },
    START_TIMEOUT_MS,
  );

  test("the role allows nothing that a worker doesn't do", async () => {
    const sqs = new SQSClient({ ...ministack.stacks.client, credentials: user });
    const toItself = new SendMessageCommand({ QueueUrl: queue.QueueUrl!, MessageBody: "forged" });
    await expect(sqs.send(toItself)).rejects.toThrow(/no identity-based policy allows/);
    const fromDeadLetters = new ReceiveMessageCommand({ QueueUrl: queue.DeadLetterQueueUrl! });
    await expect(sqs.send(fromDeadLetters)).rejects.toThrow(/no identity-based policy allows/);
    sqs.destroy();
  });
});
