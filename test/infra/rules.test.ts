import { describe, expect, test } from "@jest/globals";
import { brokenRules, readTemplate, type TemplateName, type Values } from "../../infra/checks/template.js";

const INFRA = new URL("../../../infra/", import.meta.url);
/** What the worker itself takes beside its agents. */
const WORKER_MIB = 256;
/** From the end of the drain to the end of the process: exit, and ECS noticing. */
const STOP_MARGIN_SECONDS = 5;

const task = readTemplate("task", INFRA);
const service = readTemplate("service", INFRA);
/** What a setting's value counts for that isn't given: the worker's own default. */
const UNSET: Readonly<Record<string, string>> = { Concurrency: "10", ShutdownTimeoutSeconds: "110" };
const ladder = (template: typeof service, name: string) => template.Parameters[name]!.AllowedValues!.map(String);

/** Every pair of two parameters' values under which the rules don't say what arithmetic says. */
function disagreements(
  template: typeof service,
  [first, second]: readonly [string, string],
  fits: (a: number, b: number) => boolean,
  others: (a: number, b: number) => Values = () => ({}),
): string[] {
  return ladder(template, first).flatMap((a) =>
    ladder(template, second)
      .filter((b) => {
        const [x, y] = [Number(a || UNSET[first]), Number(b || UNSET[second])];
        const values = { [first]: a, [second]: b, ...others(x, y) };
        return (brokenRules(template, values).length === 0) !== fits(x, y);
      })
      .map((b) => `${first} ${a}, ${second} ${b}`),
  );
}

/** A size that Fargate sells with so much memory. */
const cpuFor = (memory: number) => String(Math.min(4096, Math.max(256, memory / 4)));

describe("a task's rules", () => {
  test("take the defaults", () => {
    expect(brokenRules(task)).toEqual([]);
  });

  test.each(ladder(task, "Memory").map(Number))(
    "refuse agents that don't fit a task of %i MiB, and no others",
    (memory) => {
      const wrong = disagreements(
        task,
        ["Concurrency", "AgentMemory"],
        (slots, agent) => slots * agent + WORKER_MIB <= memory,
        () => ({ Memory: String(memory), Cpu: cpuFor(memory) }),
      );
      expect(wrong).toEqual([]);
    },
  );

  test("say which parameters contradict", () => {
    expect(brokenRules(task, { Concurrency: "50", AgentMemory: "256" })).toEqual([
      "Concurrency x AgentMemory (256) + 256 MiB for the worker must not exceed Memory",
    ]);
  });

  test("leave the process 5 seconds after the drain", () => {
    const wrong = disagreements(
      task,
      ["StopTimeout", "ShutdownTimeoutSeconds"],
      (stop, drain) => drain + STOP_MARGIN_SECONDS <= stop,
    );
    expect(wrong).toEqual([]);
  });

  test("take the sizes that Fargate sells", () => {
    const sold: Record<number, readonly [number, number]> = {
      256: [512, 2048],
      512: [1024, 4096],
      1024: [2048, 8192],
      2048: [4096, 16_384],
      4096: [8192, 30_720],
    };
    const wrong = disagreements(
      task,
      ["Cpu", "Memory"],
      (cpu, memory) => memory >= sold[cpu]![0] && memory <= sold[cpu]![1],
      () => ({ Concurrency: "1", AgentMemory: "16" }),
    );
    expect(wrong).toEqual([]);
  });
});

describe("the service's rules", () => {
  test("refuse a service in which no second task could start", () => {
    expect(brokenRules(service, { OnDemandWeight: "0", SpotWeight: "0" })).toHaveLength(1);
    expect(brokenRules(service, { OnDemandWeight: "0", SpotWeight: "1" })).toEqual([]);
  });
});

test("dead letters are kept for longer than messages", () => {
  const queue = readTemplate("queue", INFRA);
  const names = ["DeadLetterRetentionSeconds", "RetentionSeconds"] as const;
  expect(disagreements(queue, names, (dead, live) => dead > live)).toEqual([]);
});

test("a floor is never above the ceiling", () => {
  const root = readTemplate("root", INFRA);
  const keeper = () => ({ KeeperCodeKey: "keeper.zip", CodeBucket: "code" });
  expect(disagreements(root, ["MinTasks", "MaxTasks"], (min, max) => min <= max, keeper)).toEqual([]);
  const scaling = readTemplate("scaling", INFRA);
  expect(disagreements(scaling, ["MinTasks", "MaxTasks"], (min, max) => min <= max)).toEqual([]);
  expect(disagreements(scaling, ["FloorTasks", "MaxTasks"], (floor, max) => floor <= max)).toEqual([]);
});

test("a message under Lambda stays hidden for six calls", () => {
  const lambda = readTemplate("lambda", INFRA);
  const names = ["TimeoutSeconds", "VisibilityTimeout"] as const;
  expect(disagreements(lambda, names, (call, hidden) => hidden >= 6 * call)).toEqual([]);
});

test.each<[TemplateName, Values]>([
  ["network", { InternetAccess: "false", Endpoints: "false" }],
  ["cluster", { CreateIdempotencyTable: "true", IdempotencyTableName: "finished" }],
  ["sources", { CreateBucket: "true", BucketName: "inbox" }],
  ["observability", { AlertTopicArn: "arn:aws:sns:us-east-1:000000000000:alerts", AlertEmail: "team@example.com" }],
  ["root", { MinTasks: "0" }],
  ["root", { VpcId: "vpc-1" }],
  ["root", { WebhookKey: "false" }],
  ["root", { WebhookSignature: "github:HOOK_SECRET" }],
  ["root", { WebhookSecretArn: "arn:aws:ssm:us-east-1:000000000000:parameter/hooks" }],
  ["task", { WebhookSignature: "github:HOOK_SECRET" }],
  ["task", { WebhookSecretArn: "arn:aws:ssm:us-east-1:000000000000:parameter/hooks" }],
  ["task", { AgentSecretNames: "MODEL_KEY" }],
  ["task", { AgentSecretArns: "arn:aws:ssm:us-east-1:000000000000:parameter/model" }],
  ["root", { KeeperCodeKey: "keeper.zip" }],
])("%s refuses %j", (name, values) => {
  expect(brokenRules(readTemplate(name, INFRA), values)).toHaveLength(1);
});
