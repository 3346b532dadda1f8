import { describe, expect, test } from "@jest/globals";
import { App, Duration, Stack } from "aws-cdk-lib";
import { Table } from "aws-cdk-lib/aws-dynamodb";
import { SecurityGroup, Vpc } from "aws-cdk-lib/aws-ec2";
import { ManagedPolicy, Role, User } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { readTemplate, settle, valuesOf } from "../../../infra/checks/template.js";
import { VARIANTS } from "../../../infra/checks/variants.js";
import { IncludedTemplate } from "../../../src/cdk/included.js";
import type { QueuehandServiceProps } from "../../../src/cdk/props.js";
import { QueuehandService } from "../../../src/cdk/queuehand-service.js";

const INFRA = new URL("../../../../infra/", import.meta.url);
const IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:0";

const stackOf = (id = "Shop") => new Stack(new App({ analyticsReporting: false }), id);
const vpcOf = (stack: Stack) =>
  Vpc.fromVpcAttributes(stack, "Vpc", {
    vpcId: "vpc-00000001",
    availabilityZones: ["a", "b"],
    privateSubnetIds: ["subnet-00000001", "subnet-00000002"],
  });

function synthesised(props: (stack: Stack) => Partial<QueuehandServiceProps> = () => ({})) {
  const stack = stackOf();
  const service = new QueuehandService(stack, "Agents", { image: IMAGE, vpc: vpcOf(stack), ...props(stack) });
  return { stack, service };
}

/** A stack's template, without the CDK's own opinion of stand-ins for ARNs. */
function resolved(stack: Stack): { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> } {
  return (stack.node.root as App).synth({ skipValidation: true, force: true }).getStackByName(stack.stackName).template;
}

/** The stack's name has that of the construct behind it, since a stack may have several. */
const NAME_IN_STACK = '{"Fn::Join":["",[{"Ref":"AWS::StackName"},"-Shop"]]}';

/** The text of a substitution with nothing of its own but the stack's name. */
function spelledPattern(given: string | [string, object], own: (id: string) => string): string | undefined {
  const [pattern, map = {}] = [given].flat() as [string, object?];
  if (Object.keys(map).some((key) => key !== "AWSStackName")) return undefined;
  return pattern.replace("AWSStackName", "AWS::StackName").replace(/\$\{(\w+)/g, (_, id) => `\${${own(id)}`);
}

/** Resources with the ids that they have in `infra/`, in one spelling: the CDK's classes write numbers and lists their way. */
function asInInfra(resources: Record<string, unknown>): unknown {
  const own = (id: string) => /Resources(\w+?)[0-9A-F]{8}$/.exec(id)?.[1] ?? id;
  const spell = (value: unknown, key?: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => spell(each, key));
    if (typeof value !== "object" || value === null) return key === "Ref" ? own(String(value)) : String(value);
    if ("Fn::GetAtt" in value) {
      const path = [value["Fn::GetAtt"]].flat() as string[];
      return { "Fn::GetAtt": [own(path[0]!), ...path.slice(1)] };
    }
    if (JSON.stringify(value) === NAME_IN_STACK) return { Ref: "AWS::StackName" };
    // The CDK carries out what can be.
    const [index, list] = ((value as { "Fn::Select"?: [number, unknown] })["Fn::Select"] ?? []) as [number, unknown];
    const [between, whole] = ((list as { "Fn::Split"?: [string, unknown] } | undefined)?.["Fn::Split"] ??
      []) as string[];
    if (typeof whole === "string") return whole.split(between!)[index];
    const entries = Object.entries(value).filter(([name]) => name !== "Metadata");
    return Object.fromEntries(
      entries.map(([name, each]) => {
        if (name === "DependsOn") return [name, [each].flat().map((id) => own(String(id)))];
        if (name === "Fn::Sub") return [name, spelledPattern(each as string | [string, object], own) ?? spell(each)];
        return [name, spell(each, name)];
      }),
    );
  };
  return Object.fromEntries(Object.entries(resources).map(([id, resource]) => [own(id), spell(resource)]));
}

const PLACED = ["network", "queue", "table", "cluster", "task", "service", "scaling"] as const;
const cases = PLACED.flatMap((name) => VARIANTS[name].map((values) => [name, values] as const));

describe("what the construct makes", () => {
  test.each(cases)("of infra/%s.yaml under %j is that template", (name, values) => {
    const stack = stackOf();
    const template = readTemplate(name, INFRA);
    const all = valuesOf(template, values);
    new IncludedTemplate(stack, name, all);
    const { Resources } = resolved(stack);
    const wanted = settle(template, all) as { Resources: Record<string, unknown> };
    expect(asInInfra(Resources)).toEqual(asInInfra(wanted.Resources));
  });
});

describe("QueuehandService", () => {
  const typed = (stack: Stack, type: string) =>
    Object.values(resolved(stack).Resources).filter(({ Type }) => Type === type);
  const only = (stack: Stack, type: string) => {
    const [one, ...others] = typed(stack, type);
    expect(others).toEqual([]);
    return one!.Properties;
  };
  type Container = {
    Environment: { Name: string; Value: unknown }[];
    Secrets?: { Name: string }[];
    PortMappings?: unknown;
  };
  const worker = (stack: Stack) => (only(stack, "AWS::ECS::TaskDefinition").ContainerDefinitions as Container[])[0]!;
  const variables = (stack: Stack) =>
    Object.fromEntries(worker(stack).Environment.map(({ Name, Value }) => [Name, Value]));

  test("sets what it is given and nothing else", () => {
    expect(Object.keys(variables(synthesised().stack))).toEqual(["SQS_QUEUE_URL", "DLQ_URL"]);
    const { stack } = synthesised((own) => ({
      agent: {
        handler: "exec:python3 agent.py",
        isolation: "none",
        concurrency: 5,
        timeout: Duration.minutes(5),
        visibilityTimeout: Duration.seconds(60),
        retryBackoffSeconds: "1,60",
        passOn: ["MODEL", "PY*"],
        environment: { MODEL: "small", AGENT_CPU_SECONDS: "60" },
        secrets: { MODEL_KEY: new Secret(own, "Key"), OTHER: new Secret(own, "Other") },
        role: Role.fromRoleArn(own, "AgentRole", "arn:aws:iam::123456789012:role/agents"),
        policies: [ManagedPolicy.fromAwsManagedPolicyName("AmazonS3ReadOnlyAccess")],
      },
      scaling: { minTasks: 2, maxTasks: 50, spotPercent: 75, targetDelay: Duration.seconds(10) },
      scraper: SecurityGroup.fromSecurityGroupId(own, "Scraper", "sg-00000001"),
    }));
    expect(variables(stack)).toMatchObject({
      HANDLER: "exec:python3 agent.py",
      ISOLATION: "none",
      CONCURRENCY: "5",
      HANDLER_TIMEOUT_SECONDS: "300",
      VISIBILITY_TIMEOUT: "60",
      RETRY_BACKOFF_SECONDS: "1,60",
      AGENT_ENV: "MODEL,PY*",
      AGENT_ROLE_ARN: "arn:aws:iam::123456789012:role/agents",
      MODEL: "small",
      AGENT_CPU_SECONDS: "60",
      HTTP_HOST: "0.0.0.0",
      TARGET_DELAY_SECONDS: "10",
    });
    expect(worker(stack).Secrets?.map(({ Name }) => Name)).toEqual(["MODEL_KEY", "OTHER"]);
    expect(worker(stack).PortMappings).toEqual([{ ContainerPort: 8080 }]);
    expect(only(stack, "AWS::ApplicationAutoScaling::ScalableTarget")).toMatchObject({
      MinCapacity: 2,
      MaxCapacity: 50,
    });
    expect(only(stack, "AWS::ECS::Service").CapacityProviderStrategy).toMatchObject([{ Weight: 25 }, { Weight: 75 }]);
    expect(only(stack, "AWS::EC2::SecurityGroup").SecurityGroupIngress).toMatchObject([
      { SourceSecurityGroupId: "sg-00000001" },
    ]);
    const queues = typed(stack, "AWS::SQS::Queue").map(({ Properties }) => Properties.VisibilityTimeout);
    expect(queues).toContain(60);
  });

  describe("with budgets", () => {
    const limits = { openai: "600/min*8", "openai.tokens": "200000/min" };
    type Policies = { PolicyDocument: { Statement: { Sid: string; Action: unknown; Resource: unknown }[] } }[];
    const statements = (stack: Stack) =>
      typed(stack, "AWS::IAM::Role")
        .flatMap(({ Properties }) => Properties.Policies as Policies)
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    const writes = (stack: Stack) => statements(stack).filter(({ Action }) => Action === "dynamodb:UpdateItem");

    test("tells them to tasks, which need no table to divide them", () => {
      const { stack } = synthesised(() => ({ budgets: { limits, uses: { openai: 1, "openai.tokens": 500 } } }));
      expect(variables(stack)).toEqual({
        SQS_QUEUE_URL: expect.anything(),
        DLQ_URL: expect.anything(),
        BUDGETS: "openai=600/min*8,openai.tokens=200000/min",
        USES: "openai=1,openai.tokens=500",
      });
      expect(typed(stack, "AWS::DynamoDB::Table")).toEqual([]);
      expect(writes(stack)).toEqual([]);
    });

    test("makes the table that they share, and lets them write to it alone", () => {
      const { stack } = synthesised(() => ({ budgets: { limits, share: "table" } }));
      expect(only(stack, "AWS::DynamoDB::Table")).toMatchObject({
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      });
      const { BUDGET_SHARE, BUDGET_TABLE } = variables(stack);
      expect(BUDGET_SHARE).toBe("table");
      expect(BUDGET_TABLE).toEqual({ Ref: expect.stringContaining("BudgetTable") });
      expect(writes(stack)).toEqual([expect.objectContaining({ Sid: "CountBudgets" })]);
      expect(writes(stack)[0]!.Resource).toEqual({
        "Fn::Sub": [
          expect.stringMatching(/^arn:[^*]+:table\/\$\{BudgetTableName\}$/),
          { BudgetTableName: BUDGET_TABLE },
        ],
      });
    });

    test("takes a table of one's own", () => {
      const { stack } = synthesised((own) => ({
        budgets: { limits, share: "table", table: Table.fromTableName(own, "Keys", "finished-keys") },
      }));
      expect(typed(stack, "AWS::DynamoDB::Table")).toEqual([]);
      expect(variables(stack)).toMatchObject({ BUDGET_SHARE: "table", BUDGET_TABLE: "finished-keys" });
      expect(JSON.stringify(writes(stack))).toContain(":table/finished-keys");
      const budgets = { limits, table: Table.fromTableName(stack, "More", "more") };
      expect(() => synthesised(() => ({ budgets }))).toThrow('budgets.table needs share: "table"');
    });
  });

  test("takes a queue of one's own, and otherwise makes one of the kind that is asked for", () => {
    const { stack } = synthesised((own) => ({
      queue: {
        queue: Queue.fromQueueArn(own, "Tasks", "arn:aws:sqs:eu-west-1:123456789012:tasks"),
        deadLetterQueue: Queue.fromQueueArn(own, "Dead", "arn:aws:sqs:eu-west-1:123456789012:tasks-dlq"),
      },
    }));
    expect(typed(stack, "AWS::SQS::Queue")).toEqual([]);
    expect(JSON.stringify(variables(stack))).toContain("/123456789012/tasks");
    const fifo = synthesised(() => ({ queue: { kind: "fifo" as const } }));
    expect(typed(fifo.stack, "AWS::SQS::Queue").map(({ Properties }) => Properties.FifoQueue)).toEqual([true, true]);
    expect(fifo.service.queue.fifo).toBe(true);
  });

  test("may be twice in a stack, and brings a network where there is none", () => {
    const { stack } = synthesised();
    new QueuehandService(stack, "More", { image: IMAGE });
    expect(typed(stack, "AWS::ECS::Service")).toHaveLength(2);
    expect(typed(stack, "AWS::EC2::VPC")).toHaveLength(1);
    const names = typed(stack, "AWS::Logs::LogGroup").map(({ Properties }) => JSON.stringify(Properties.LogGroupName));
    expect(new Set(names).size).toBe(names.length);
  });

  test("grants its agents, and others what they ask for", () => {
    const { stack, service } = synthesised();
    new Bucket(stack, "Results").grantWrite(service);
    const user = new User(stack, "Producer");
    service.grantSendMessages(user);
    const policies = JSON.stringify(typed(stack, "AWS::IAM::Policy"));
    expect(policies).toContain("s3:PutObject");
    expect(policies).toContain("sqs:SendMessage");
    service.grantRedrive(user);
    expect(JSON.stringify(typed(stack, "AWS::IAM::Policy"))).toContain("sqs:ReceiveMessage");
  });

  test("has the metrics that docs/scaling.md names", () => {
    const { stack, service } = synthesised();
    const of = (metric: { toMetricConfig(): unknown }) => stack.resolve(metric.toMetricConfig());
    expect(of(service.metricSlotDemand())).toMatchObject({
      metricStat: { namespace: "Queuehand", metricName: "SlotDemand" },
    });
    expect(of(service.metricAgentSeconds())).toMatchObject({
      metricStat: { metricName: "AgentSeconds", statistic: "p99" },
    });
    expect(of(service.metricTimeInQueueSeconds({ statistic: "p50" }))).toMatchObject({
      metricStat: { statistic: "p50" },
    });
    expect(of(service.metricBacklogMessages())).toMatchObject({ metricStat: { metricName: "BacklogMessages" } });
  });

  test.each<[string, Partial<QueuehandServiceProps>, RegExp]>([
    ["neither image nor code", { image: undefined as never }, /needs image or code, one of them/],
    ["both", { code: "./agent" }, /needs image or code, one of them/],
    ["agents that don't fit", { agent: { concurrency: 50 }, task: { agentMemoryMiB: 256 } }, /must not exceed Memory/],
    ["slots off the ladder", { agent: { concurrency: 51 } }, /Concurrency must be one of .*, got "51"/],
    ["a timeout past the bounds", { agent: { timeout: Duration.days(1) } }, /HandlerTimeoutSeconds must be like/],
    ["a floor above the ceiling", { scaling: { minTasks: 20, maxTasks: 10 } }, /MinTasks must not exceed MaxTasks/],
    [
      "a setting twice",
      { agent: { concurrency: 5, environment: { CONCURRENCY: "10" } } },
      /sets CONCURRENCY, which another/,
    ],
  ])("refuses %s when the app is synthesised", (_, props, message) => {
    expect(() => synthesised(() => props)).toThrow(message);
  });
});
