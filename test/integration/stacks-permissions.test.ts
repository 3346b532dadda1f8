import { readFile } from "node:fs/promises";
import { ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { StsAgentRole } from "../../src/aws/sts/sts-agent-role.js";
import { roleFindings } from "../../src/cli/doctor/role.js";
import { createWorker, type Fact, loadConfig, Reject, Retry } from "../../src/index.js";
import { containerSuite } from "../support/container-suite.js";
import { eventually } from "../support/eventually.js";
import { type AccessKey, createRole, createUser, rolePolicy } from "../support/stacks/iam.js";
import { MiniStack } from "../support/stacks/ministack.js";
import type { Values } from "../support/stacks/stacks.js";

const START_TIMEOUT_MS = 180_000;
const AGENT_ROLE = "arn:aws:iam::000000000000:role/shop-agent";
const MESSAGE = "0b2f7e3c-8a4d-4c7e-9d53-1f1c9b7a2e10";

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

/** The policy in docs/deploying.md that has a statement of this name. */
async function documented(sid: string): Promise<string> {
  const page = await readFile(new URL("../../../docs/deploying.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => text!);
  return blocks.find((text) => text.includes(`"${sid}"`))!;
}

containerSuite("the task role on a MiniStack that enforces permissions", () => {
  let ministack: MiniStack;
  let queue: Values;
  let cluster: Values;
  let budgets: Values;
  let user: AccessKey;
  /** Whom no trust policy names, and whose own policy lets assume every role. */
  let stranger: AccessKey;

  beforeAll(async () => {
    ministack = await MiniStack.start({ auth: true });
    const { stacks } = ministack;
    queue = await stacks.deploy("work", "queue");
    budgets = await stacks.deploy("work-budgets", "table");
    cluster = await stacks.deploy("work-cluster", "cluster", {
      VpcId: "vpc-00000001",
      QueueArn: queue.QueueArn!,
      DeadLetterQueueArn: queue.DeadLetterQueueArn!,
      CreateIdempotencyTable: "true",
      BudgetTableName: budgets.BudgetTableName!,
      AgentRoleArn: AGENT_ROLE,
    });
    const role = cluster.TaskRoleArn!.split("/").at(-1)!;
    const policy = JSON.parse(await rolePolicy(stacks, role, "work-on-the-queue")) as Policy;
    user = await createUser(stacks, "worker", asEmulated(policy));
    stranger = await createUser(stacks, "stranger", {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession"], Resource: "*" }],
    });
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
        BUDGETS: "calls=20/s",
        USES: "calls",
        BUDGET_SHARE: "table",
        BUDGET_TABLE: budgets.BudgetTableName!,
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
      const dynamoDb = new DynamoDBClient(stacks.client);
      const { Items = [] } = await dynamoDb.send(new ScanCommand({ TableName: budgets.BudgetTableName! }));
      dynamoDb.destroy();
      expect(Items.map(({ id }) => id!.S)).toEqual(["budget/calls"]);
      expect(Number(Items[0]!.nextAt!.N)).toBeGreaterThan(Date.now() - START_TIMEOUT_MS);
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
    const dynamoDb = new DynamoDBClient({ ...ministack.stacks.client, credentials: user });
    const Key = { id: { S: "budget/calls" } };
    const ofBudgets = { TableName: budgets.BudgetTableName!, Key };
    const denied = /not authorized|no identity-based policy allows/;
    await expect(dynamoDb.send(new GetItemCommand(ofBudgets))).rejects.toThrow(denied);
    await expect(dynamoDb.send(new DeleteItemCommand(ofBudgets))).rejects.toThrow(denied);
    await expect(dynamoDb.send(new UpdateItemCommand({ TableName: "another", Key }))).rejects.toThrow(denied);
    dynamoDb.destroy();
  });

  test(
    "the role lets a worker assume the agent's role for its messages, as docs/deploying.md has it",
    async () => {
      const { stacks } = ministack;
      const trust = (await documented("LetTheWorkerAssumeForItsMessages"))
        .replace("TASK_ROLE_ARN", "arn:aws:iam::000000000000:user/worker")
        .replace("QUEUE_NAME", queue.QueueName!);
      // The emulator puts nothing in place of a variable, but knows the tag that it stands for.
      const rights = JSON.parse(await documented("WriteTheResultOfThisMessage")) as {
        Statement: [{ Resource: string; Condition?: object }];
      };
      const [statement] = rights.Statement;
      expect(statement.Resource).toMatch(/\$\{aws:PrincipalTag\/queuehand:message\}/);
      statement.Resource = statement.Resource.replace(/\$\{.*\}/, MESSAGE);
      statement.Condition = { StringEquals: { "aws:PrincipalTag/queuehand:message": MESSAGE } };
      expect(await createRole(stacks, "shop-agent", { trust, rights: JSON.stringify(rights) })).toBe(AGENT_ROLE);
      const admin = new S3Client({ ...stacks.client, forcePathStyle: true });
      await admin.send(new CreateBucketCommand({ Bucket: "shop-results" }));
      admin.destroy();

      const roleOn = (queueUrl: string) =>
        new StsAgentRole({ ...stacks.client, credentials: async () => user, roleArn: AGENT_ROLE, queueUrl });
      const role = roleOn(queue.QueueUrl!);
      const put = async (messageId: string, Key: string) => {
        const credentials = await role.credentialsFor(messageId);
        const s3 = new S3Client({ ...stacks.client, credentials, forcePathStyle: true });
        try {
          await s3.send(new PutObjectCommand({ Bucket: "shop-results", Key, Body: "done" }));
        } finally {
          s3.destroy();
        }
      };
      await put(MESSAGE, `${MESSAGE}/result.json`);
      await expect(put(MESSAGE, "another/result.json")).rejects.toThrow(/not authorized to perform: s3:PutObject/);
      await expect(put("another", `${MESSAGE}/result.json`)).rejects.toThrow(/not authorized to perform: s3:PutObject/);

      const denied = /^sts:AssumeRole of arn:aws:iam::000000000000:role\/shop-agent: AccessDenied/;
      await expect(role.assume("untagged", {})).rejects.toThrow(denied);
      await expect(role.assume("more", { ...role.tagsFor(MESSAGE), team: "admins" })).rejects.toThrow(denied);
      const other = roleOn("https://sqs.us-east-1.amazonaws.com/000000000000/another");
      await expect(other.credentialsFor(MESSAGE)).rejects.toThrow(denied);
      const strangers = new StsAgentRole({
        ...stacks.client,
        credentials: async () => stranger,
        roleArn: AGENT_ROLE,
        queueUrl: queue.QueueUrl!,
      });
      await expect(strangers.credentialsFor(MESSAGE)).rejects.toThrow(denied);
      for (const each of [role, other, strangers]) each.close();
    },
    START_TIMEOUT_MS,
  );

  test(
    "doctor finds that role good, which may not touch the queue, and tells when it can't be tagged",
    async () => {
      const { stacks } = ministack;
      Object.assign(process.env, {
        AWS_ENDPOINT_URL: stacks.endpoint,
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: user.accessKeyId,
        AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
      });
      const findings = (AGENT_ROLE_ARN: string) =>
        roleFindings(loadConfig({ SQS_QUEUE_URL: queue.QueueUrl!, HANDLER: "./agent.mjs", AGENT_ROLE_ARN }));
      expect(await findings(AGENT_ROLE)).toEqual([
        { level: "ok", about: "agent role", text: `sts:AssumeRole and sts:TagSession on ${AGENT_ROLE}` },
      ]);

      const trust = { Sid: "Bare", Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" };
      const untagged = await createRole(stacks, "untagged", {
        trust: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
        rights: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] }),
      });
      Object.assign(process.env, {
        AWS_ACCESS_KEY_ID: stranger.accessKeyId,
        AWS_SECRET_ACCESS_KEY: stranger.secretAccessKey,
      });
      expect(await findings(untagged)).toEqual([
        expect.objectContaining({
          level: "bad",
          text: expect.stringMatching(/^it can be assumed, but not tagged with the message: .*perform: sts:TagSession/),
        }),
      ]);
      expect(await findings(AGENT_ROLE)).toEqual([
        expect.objectContaining({ level: "bad", text: expect.stringMatching(/^sts:AssumeRole of .*AccessDenied/) }),
      ]);
    },
    START_TIMEOUT_MS,
  );
});
