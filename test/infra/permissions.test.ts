import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { readTemplate, type Value } from "../../infra/checks/template.js";

const ROOT = new URL("../../../", import.meta.url);

/** Calls that a worker may make, by the service that takes them. */
const CALLS = {
  sqs: [
    "ReceiveMessage",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "SendMessage",
    "SendMessageBatch",
    "GetQueueAttributes",
    "GetQueueUrl",
  ],
  cloudwatch: ["PutMetricData"],
  ecs: ["DescribeServices", "DescribeTasks"],
  dynamodb: ["GetItem", "PutItem", "UpdateItem", "DeleteItem"],
  s3: ["GetObject", "PutObject", "DeleteObject"],
  sts: ["AssumeRole"],
};
/** Rights that a call needs besides its own, as we make it: sessions of the agent's role have tags. */
const IMPLIED: Readonly<Record<string, readonly string[]>> = { "sts:AssumeRole": ["sts:TagSession"] };
/** Of the files that people's commands share with the worker, what only those do: `send` writes large payloads. */
const PEOPLES = new Set(["s3:PutObject"]);

const serviceOf = new Map(Object.entries(CALLS).flatMap(([service, calls]) => calls.map((call) => [call, service])));
/** IAM knows no batch calls: the right to do one is the right to do ten. */
const actionsOf = (call: string) => {
  const action = `${serviceOf.get(call)}:${call.replace(/Batch$/, "")}`;
  return [action, ...(IMPLIED[action] ?? [])];
};

/** What the code of one file asks AWS for: the SDK's commands, and the operations that a wire is told by name. */
function actionsIn(file: string): string[] {
  const text = readFileSync(new URL(file), "utf8");
  const commands = [...text.matchAll(/\bnew (\w+)Command\(/g)].map(([, call]) => call!);
  const strangers = commands.filter((call) => !serviceOf.has(call));
  if (strangers.length > 0) throw new Error(`${file} makes calls that this test doesn't know: ${strangers}`);
  const operations = [...text.matchAll(/"([A-Z]\w+)"/g)].map(([, word]) => word!).filter((word) => serviceOf.has(word));
  return [...commands, ...operations].flatMap(actionsOf).filter((action) => !PEOPLES.has(action));
}

/** The files that a worker consists of: what `queuehand run` imports, and what that imports, and so on. */
function filesFrom(entry: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(entry.href)) return seen;
  seen.add(entry.href);
  const imports = readFileSync(entry, "utf8").matchAll(/(?:\bfrom |\bimport\(|new URL\()"(\.[^"]+)\.js"/g);
  for (const [, path] of imports) filesFrom(new URL(`${path}.ts`, entry), seen);
  return seen;
}

const files = [...filesFrom(new URL("src/cli/run.ts", ROOT))].filter((file) => file.includes("/src/aws/"));
const asked = new Set(files.flatMap(actionsIn));

const cluster = readTemplate("cluster", new URL("infra/", ROOT));

interface Statement {
  readonly Sid: string;
  readonly Action: string | readonly string[];
  readonly Resource: Value;
}

/** The statements of a role, and under which condition each is there. */
function statementsOf(
  role: string,
  { Resources } = cluster,
): (Statement & { readonly condition: string | undefined })[] {
  const policies = Resources[role]!.Properties!.Policies as readonly {
    PolicyDocument: { Statement: readonly Value[] };
  }[];
  return policies
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .map((entry) => {
      const conditional = (entry as { "Fn::If"?: [string, Value, Value] })["Fn::If"];
      return { ...((conditional?.[1] ?? entry) as unknown as Statement), condition: conditional?.[0] };
    });
}
const statements = statementsOf("TaskRole");
const granted = new Map(statements.map(({ Sid, Action }) => [Sid, [Action].flat()]));

/** Asked for by SQS, by S3, by ECS's agent and by the collector on the task's behalf: not in our code. */
const OTHERS = new Set(["DecryptMessages", "LetS3TellWhatIsMissing", "ProtectBusyTasks", "SendTraces"]);

test("the worker's calls are found in its code", () => {
  expect([...asked]).toEqual(
    expect.arrayContaining(["sqs:ReceiveMessage", "sqs:DeleteMessage", "cloudwatch:PutMetricData"]),
  );
});

test("the task role grants every call that the code makes", () => {
  const all = new Set([...granted.values()].flat());
  expect([...asked].filter((action) => !all.has(action))).toEqual([]);
});

test("the task role grants no call that the code doesn't make", () => {
  const own = [...granted].filter(([sid]) => !OTHERS.has(sid)).flatMap(([, actions]) => actions);
  expect(own.filter((action) => !asked.has(action))).toEqual([]);
});

test("what is granted for a setting is granted with it alone, and on what it names alone", () => {
  const bySid = (sid: string) => statements.find(({ Sid }) => Sid === sid);
  expect(bySid("LetAgentsHaveTheirRole")).toMatchObject({
    condition: "AgentsHaveRole",
    Action: ["sts:AssumeRole", "sts:TagSession"],
    Resource: { Ref: "AgentRoleArn" },
  });
  expect(bySid("CountBudgets")).toMatchObject({
    condition: "SharesBudgets",
    Action: "dynamodb:UpdateItem",
    Resource: { "Fn::Sub": expect.stringMatching(/^arn:[^*]+:table\/\$\{BudgetTableName\}$/) },
  });
  expect(bySid("SettleLargePayloads")).toMatchObject({ condition: "RemovesPayloads", Action: "s3:DeleteObject" });
  expect(statements.filter(({ Action }) => [Action].flat().includes("s3:DeleteObject"))).toHaveLength(1);
});

test("ECS may read the secrets and the file that are named, and no others", () => {
  const reads = statementsOf("ExecutionRole").filter(({ Action }) => /secretsmanager|ssm/.test(String(Action)));
  expect(reads).toEqual([
    {
      Sid: "ReceiveWebhookSecret",
      Effect: "Allow",
      condition: "HasSecret",
      Action: ["secretsmanager:GetSecretValue", "ssm:GetParameters"],
      Resource: { Ref: "WebhookSecretArn" },
    },
    {
      Sid: "ReceiveAgentSecrets",
      Effect: "Allow",
      condition: "HasAgentSecrets",
      Action: ["secretsmanager:GetSecretValue", "ssm:GetParameters"],
      Resource: { Ref: "AgentSecretArns" },
    },
  ]);
  const files = statementsOf("ExecutionRole").filter(({ Action }) => String(Action).startsWith("s3:"));
  expect(files).toMatchObject([
    { condition: "HasEnvironmentFile", Action: "s3:GetObject", Resource: { Ref: "EnvironmentFileArn" } },
    { condition: "HasEnvironmentFile", Action: "s3:GetBucketLocation" },
  ]);
});

test("a function may write to the table that its variable names, and to no other", () => {
  const lambda = readTemplate("lambda", new URL("infra/", ROOT));
  const { Environment } = lambda.Resources.Function!.Properties as unknown as Record<string, { Variables: Value }>;
  expect(Environment!.Variables).toMatchObject({
    IDEMPOTENCY_TABLE: { "Fn::If": ["HasTable", { Ref: "IdempotencyTableName" }, { Ref: "AWS::NoValue" }] },
    IDEMPOTENCY_KEY: { "Fn::If": ["HasTable", { Ref: "IdempotencyKey" }, { Ref: "AWS::NoValue" }] },
  });
  const writes = statementsOf("Role", lambda).filter(({ Action }) => String(Action).includes("dynamodb"));
  expect(writes).toMatchObject([
    {
      condition: "HasTable",
      Action: "dynamodb:UpdateItem",
      Resource: { "Fn::Sub": expect.stringMatching(/^arn:[^*]+:table\/\$\{IdempotencyTableName\}$/) },
    },
  ]);
});
