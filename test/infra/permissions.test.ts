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
};
/** Of the files that people's commands share with the worker, what only those do: `send` writes large payloads. */
const PEOPLES = new Set(["s3:PutObject"]);

const serviceOf = new Map(Object.entries(CALLS).flatMap(([service, calls]) => calls.map((call) => [call, service])));
/** IAM knows no batch calls: the right to do one is the right to do ten. */
const actionOf = (call: string) => `${serviceOf.get(call)}:${call.replace(/Batch$/, "")}`;

/** What the code of one file asks AWS for: the SDK's commands, and the operations that SqsWire is told by name. */
function actionsIn(file: string): string[] {
  const text = readFileSync(new URL(file), "utf8");
  const commands = [...text.matchAll(/\bnew (\w+)Command\(/g)].map(([, call]) => call!);
  const strangers = commands.filter((call) => !serviceOf.has(call));
  if (strangers.length > 0) throw new Error(`${file} makes calls that this test doesn't know: ${strangers}`);
  const operations = [...text.matchAll(/"([A-Z]\w+)"/g)].map(([, word]) => word!).filter((word) => serviceOf.has(word));
  return [...commands, ...operations].map(actionOf).filter((action) => !PEOPLES.has(action));
}

/** The files that a worker consists of: what its composition imports, and what that imports, and so on. */
function filesFrom(entry: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(entry.href)) return seen;
  seen.add(entry.href);
  const imports = readFileSync(entry, "utf8").matchAll(/(?:\bfrom |\bimport\(|new URL\()"(\.[^"]+)\.js"/g);
  for (const [, path] of imports) filesFrom(new URL(`${path}.ts`, entry), seen);
  return seen;
}

const files = [...filesFrom(new URL("src/worker.ts", ROOT))].filter((file) => file.includes("/src/aws/"));
const asked = new Set(files.flatMap(actionsIn));

const statements = (
  readTemplate("cluster", new URL("infra/", ROOT)).Resources.TaskRole!.Properties!.Policies as readonly {
    PolicyDocument: { Statement: readonly Value[] };
  }[]
)
  .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
  .map((entry) => {
    const conditional = (entry as { "Fn::If"?: [string, Value, Value] })["Fn::If"];
    return (conditional?.[1] ?? entry) as { Sid: string; Action: string | readonly string[] };
  });
const granted = new Map(statements.map(({ Sid, Action }) => [Sid, [Action].flat()]));

/** Made by SQS, by ECS's agent and by the collector on the task's behalf: not in our code. */
const OTHERS = new Set(["DecryptMessages", "ProtectBusyTasks", "SendTraces"]);

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
