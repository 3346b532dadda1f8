import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { readTemplate, settle, TEMPLATES, type Value, type Values } from "../../infra/checks/template.js";
import { parseMetricMath } from "../../src/scaling/metric-math.js";

const INFRA = new URL("../../../infra/", import.meta.url);
const LINES_MAX = 250;
const templates = TEMPLATES.map((name) => readTemplate(name, INFRA));

/** Every object in a value, the value itself included. */
function* objects(value: unknown): Generator<Record<string, Value>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, Value>;
  for (const each of Object.values(value)) yield* objects(each);
}

test("every template is known to the checks", () => {
  const files = readdirSync(INFRA).filter((name) => name.endsWith(".yaml"));
  expect(files.map((name) => name.replace(".yaml", "")).sort()).toEqual([...TEMPLATES].sort());
});

describe.each(templates)("$name.yaml", (template) => {
  const { text, Description, Parameters, Resources, Outputs = {} } = template;

  test(`has at most ${LINES_MAX} lines`, () => {
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(LINES_MAX);
  });

  test("says what it is, and so do its parameters and outputs", () => {
    const described = { itself: { Description }, ...Parameters, ...Outputs };
    const silent = Object.entries(described).filter(([, { Description }]) => !String(Description ?? "").trim());
    expect(silent).toEqual([]);
  });

  test("has a sentence above every resource", () => {
    const lines = text.split("\n");
    const silent = Object.keys(Resources).filter((id) => {
      const at = lines.findIndex((line) => line.startsWith(`  ${id}:`));
      return !/^ {2}# .{10,}/.test(lines[at - 1] ?? "");
    });
    expect(silent).toEqual([]);
  });

  test("names every statement of a policy by what it does", () => {
    const statements = [...objects(Resources)].filter(({ Effect }) => Effect !== undefined);
    const verb =
      /^(Refuse|Let|Receive|Settle|Copy|Decrypt|Publish|Count|Protect|Remember|Send|Log|Pull|Write|Start|Lower|Check|Deliver)[A-Z]/;
    expect(statements.filter(({ Sid }) => !verb.test(String(Sid)))).toEqual([]);
  });

  test("has every alarm say how missing data counts, and what it means", () => {
    const alarms = Object.entries(Resources).filter(([, { Type }]) => Type === "AWS::CloudWatch::Alarm");
    const silent = alarms.filter(
      ([, { Properties = {} }]) => !Properties.TreatMissingData || !Properties.AlarmDescription,
    );
    expect(silent.map(([id]) => id)).toEqual([]);
  });

  test("grants no action by a star", () => {
    const actions = [...objects(Resources)]
      .filter(({ Effect }) => Effect === "Allow")
      .flatMap(({ Action }) => Action as string | string[]);
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
  });
});

describe("the service", () => {
  const { Resources } = readTemplate("service", INFRA);

  test("leaves the number of tasks to scaling", () => {
    expect(Resources.Service?.Properties).not.toHaveProperty("DesiredCount");
  });

  test("states what AWS would otherwise decide", () => {
    const properties = [...objects(Resources)];
    for (const name of ["AvailabilityZoneRebalancing", "DeploymentCircuitBreaker"]) {
      expect(properties.some((each) => name in each)).toBe(true);
    }
  });
});

describe("a task", () => {
  const { Resources, Parameters } = readTemplate("task", INFRA);
  const [worker] = Resources.TaskDefinition!.Properties!.ContainerDefinitions as readonly Record<string, Value>[];

  test("states what AWS would otherwise decide", () => {
    const properties = [...objects(Resources)];
    for (const name of ["StopTimeout", "mode"]) expect(properties.some((each) => name in each)).toBe(true);
  });

  test("keeps the revision that tasks run until the service has moved, and that a roll-back goes to", () => {
    expect(Resources.TaskDefinition).toMatchObject({ UpdateReplacePolicy: "Retain" });
  });

  test.each([
    "Dockerfile",
    "examples/python-agent/Dockerfile",
    "examples/llm-agent/python.Dockerfile",
    "examples/init/python/Dockerfile",
  ])("checks the health of %s as that does itself", (file) => {
    const dockerfile = readFileSync(new URL(`../${file}`, INFRA), "utf8");
    const own = JSON.parse(/^HEALTHCHECK [^[]*(\[.*\])/m.exec(dockerfile.replaceAll("\\\n", ""))![1]!);
    expect(worker!.HealthCheck).toMatchObject({ Command: ["CMD", ...own] });
  });

  test("runs its containers without root, capabilities or a writable root", () => {
    expect(worker).toMatchObject({
      ReadonlyRootFilesystem: true,
      LinuxParameters: { Capabilities: { Drop: ["ALL"] } },
    });
    expect(Parameters.ContainerUser?.Default).toBe("1000:1000");
  });
});

describe("the alarm on a provider", () => {
  const observability = readTemplate("observability", INFRA);
  const { Metrics, Threshold } = observability.Resources.ProviderAlarm!.Properties as unknown as {
    Metrics: { Id: string; Expression?: string; MetricStat?: { Metric: { MetricName: string } } }[];
    Threshold: Value;
  };
  const names = new Map(Metrics.map(({ Id, MetricStat }) => [Id, MetricStat?.Metric.MetricName]));
  const math = parseMetricMath(Metrics.find(({ Expression }) => Expression)!.Expression!);
  const behind = (now: Record<string, number>) => math.evaluate({ time: 0, read: (id) => now[names.get(id)!] });

  test("goes off for what waits in the queue, while tasks hold two seconds of it", () => {
    expect(Threshold).toEqual({ Ref: "TargetDelaySeconds" });
    expect(behind({ BudgetWaitSeconds: 1.9, QueueDelaySeconds: 600 })).toBeCloseTo(601.9);
    expect(behind({ BudgetWaitSeconds: 45, QueueDelaySeconds: 0 })).toBe(45);
  });

  test("stays quiet where tasks are what is lacking, and where nothing waits", () => {
    expect(behind({ BudgetWaitSeconds: 0.1, QueueDelaySeconds: 600 })).toBe(0);
    expect(behind({ BudgetWaitSeconds: 1.9, QueueDelaySeconds: 2 })).toBeLessThan(30);
    expect(behind({ QueueDelaySeconds: 600 })).toBeUndefined();
  });
});

describe("everything in one stack", () => {
  const root = readTemplate("root", INFRA);
  const task = readTemplate("task", INFRA);
  const passed = (root.Resources.Task!.Properties as { Parameters: Record<string, Value> }).Parameters;

  test("passes every parameter of a task on", () => {
    expect(Object.keys(passed).sort()).toEqual(Object.keys(task.Parameters).sort());
  });

  test("sets no setting that it isn't given", () => {
    // Where everything is, and what holds for the permissions too, is the stack's own affair.
    const own = new Set(["MetricsNamespace", "QueueUrl", "DeadLetterQueueUrl", "FleetServices"]);
    const settings = Object.entries(task.Parameters).filter(([, { Default }]) => Default === "");
    const decided = settings.filter(([name]) => {
      const value = passed[name] as { Ref?: string };
      return !own.has(name) && value.Ref !== undefined && root.Parameters[value.Ref]?.Default !== "";
    });
    expect(decided).toEqual([]);
  });

  test("lets tasks write to the budgets' table that it names to them, its own only where none is given", () => {
    const made = { "Fn::GetAtt": ["Table", "Outputs.BudgetTableName"] };
    const named = { "Fn::If": ["NewBudgetTable", made, { Ref: "BudgetTableName" }] };
    for (const nested of ["Task", "Cluster"]) {
      expect(root.Resources[nested]!.Properties).toMatchObject({ Parameters: { BudgetTableName: named } });
    }
    const hasTable = (given: Values) => "Table" in (settle(root, given) as { Resources: object }).Resources;
    expect(hasTable({ BudgetShare: "table" })).toBe(true);
    expect(hasTable({ BudgetShare: "table", BudgetTableName: "finished-keys" })).toBe(false);
    expect(hasTable({ BudgetShare: "divide" })).toBe(false);
    expect(hasTable({})).toBe(false);
  });

  test("takes no value that the template doesn't that gets it", () => {
    for (const [name, { AllowedPattern, AllowedValues }] of Object.entries(task.Parameters)) {
      const ours = root.Parameters[name];
      if (ours) expect(ours).toMatchObject(JSON.parse(JSON.stringify({ AllowedPattern, AllowedValues })));
    }
  });
});
