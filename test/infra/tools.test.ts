import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** A first run installs its tools. */
const TIMEOUT_MS = 240_000;

type Answer = { readonly findings: readonly string[] } | { readonly cannot: string };

function check(tool: string, infra = join(ROOT, "infra")): Promise<Answer> {
  const args = [join(ROOT, "scripts", "check-templates.mjs"), tool, "--json", "--infra", infra];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (stdout.startsWith("{")) resolve(JSON.parse(stdout));
      else reject(new Error(`${tool} said nothing: ${stderr || error}`));
    });
  });
}

/** A copy of the templates in which one is changed, for as long as `use` takes. */
async function withChanged<T>(
  template: string,
  change: (text: string) => string,
  use: (infra: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "queuehand-infra-"));
  try {
    await cp(join(ROOT, "infra"), folder, { recursive: true, filter: (path) => !path.includes("checks") });
    const file = join(folder, `${template}.yaml`);
    const before = await readFile(file, "utf8");
    const after = change(before);
    expect(after).not.toBe(before);
    await writeFile(file, after);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const TOOLS = [
  {
    tool: "lint",
    name: "cfn-lint",
    fault: "a property that the schema doesn't know",
    template: "queue",
    change: (text: string) => text.replace("DelaySeconds: !Ref", "DelayedSeconds: !Ref"),
    found: /queue\.yaml:\d+: E3002/,
  },
  {
    tool: "nag",
    name: "cdk-nag's AwsSolutions",
    fault: "a role that may do everything",
    template: "cluster",
    change: (text: string) => text.replace("Action: cloudwatch:PutMetricData", 'Action: "*"'),
    found: /cluster\.yaml TaskRole: AwsSolutions-IAM5\[Action::\*\]/,
  },
  {
    tool: "guard",
    name: "cfn-guard's rules for ECS and SQS",
    fault: "a container that may write to its root",
    template: "task",
    change: (text: string) => text.replace("ReadonlyRootFilesystem: true", "ReadonlyRootFilesystem: false"),
    found: /task\.yaml TaskDefinition: .*readonly/i,
  },
];

// Before the tests, since the reason why one can't run is in their names; one by one, since the first to run installs.
const answers: Answer[] = [];
for (const { tool } of TOOLS) answers.push(await check(tool));

describe.each(TOOLS.map((tool, index) => ({ ...tool, answer: answers[index]! })))("$name", (tool) => {
  const { answer, fault, template, change, found } = tool;
  const reason = "cannot" in answer ? ` (skipped: ${answer.cannot})` : "";
  const run = reason ? test.skip : test;

  run(`finds nothing in the templates${reason}`, () => {
    expect(answer).toMatchObject({ findings: [] });
  });

  run(
    `finds ${fault}${reason}`,
    async () => {
      const changed = await withChanged(template, change, (infra) => check(tool.tool, infra));
      expect("findings" in changed && changed.findings.join("\n")).toMatch(found);
    },
    TIMEOUT_MS,
  );
});
