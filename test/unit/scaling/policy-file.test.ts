import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { ownTemplate } from "../../../src/cli/simulate/policy-source.js";
import { readQuery } from "../../../src/scaling/metric-query.js";
import { Metrics } from "../../../src/scaling/metric-series.js";
import { readScalingTemplate } from "../../../src/scaling/policy-file.js";
import { capacityAfterStep, stepFor } from "../../../src/scaling/step-scaling.js";

const own = readFileSync(ownTemplate(), "utf8");
const read = (overrides: Record<string, string> = {}) => readScalingTemplate(own, "scaling.yaml", overrides);

/** A template with one policy and one alarm, that with the property given on top. */
function template({ alarm = "" } = {}): string {
  return `
Resources:
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: { ScalableDimension: "ecs:service:DesiredCount", MinCapacity: 1, MaxCapacity: 9 }
  Burst:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyType: StepScaling
      StepScalingPolicyConfiguration:
        AdjustmentType: ChangeInCapacity
        StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }]
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      MetricName: BacklogMessages
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 10
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Ref Burst]
      ${alarm}
`;
}

describe("infra/scaling.yaml", () => {
  test("tracks SlotDemand and adds tasks on two alarms that take turns", () => {
    const { policies, minTasks, maxTasks, scheduled } = read();
    expect([minTasks, maxTasks, scheduled]).toEqual([1, 10, []]);
    expect(policies.map(({ name, kind }) => [name, kind])).toEqual([
      ["SteadyPolicy", "targetTracking"],
      ["BurstPolicy", "step"],
      ["ShrinkPolicy", "step"],
    ]);
    const [steady, burst] = policies;
    expect(steady).toMatchObject({ target: 100, scaleInDisabled: true });
    if (burst?.kind !== "step") throw new Error("BurstPolicy is no step policy");
    expect(burst.alarms.map(({ periodSeconds, evaluationPeriods }) => [periodSeconds, evaluationPeriods])).toEqual([
      [10, 1],
      [10, 1],
    ]);
  });

  test("its steps never order what the metric doesn't justify: each brings its lower end to between 60 and 100", () => {
    const burst = read().policies.find((policy) => policy.name === "BurstPolicy");
    if (burst?.kind !== "step") throw new Error("BurstPolicy is no step policy");
    expect(burst.steps).toHaveLength(20);
    for (const { lower, adjustment } of burst.steps) {
      const after = (lower + burst.alarms[0]!.threshold) / (1 + adjustment / 100);
      expect(after).toBeGreaterThanOrEqual(60);
      expect(after).toBeLessThan(100);
    }
  });

  /** Tells how many tasks ShrinkPolicy gives up in a minute of such means. */
  function shrinking(overrides?: Record<string, string>) {
    const shrink = read(overrides).policies.find((policy) => policy.name === "ShrinkPolicy");
    if (shrink?.kind !== "step") throw new Error("ShrinkPolicy is no step policy");
    const [alarm] = shrink.alarms;
    return ({ messages, tasks, demand }: { messages: number; tasks: number; demand: number }) => {
      const metrics = new Metrics();
      metrics.put("BacklogMessages", 5, messages);
      metrics.put("BacklogPerTask", 5, messages / tasks);
      metrics.put("SlotDemand", 5, demand);
      const breach = readQuery(alarm!.query, metrics, 0, 60)! - alarm!.threshold;
      const step = stepFor(shrink.steps, breach);
      return breach < 0 || !step ? 0 : tasks - capacityAfterStep(shrink, step, tasks);
    };
  }

  test.each([1, 2, 3, 5, 10, 33, 100, 1000, 5000])(
    "a fleet of %i tasks gives up what is spare, and never what is needed",
    (tasks) => {
      const givenUp = shrinking();
      for (let demand = 0; demand <= 120; demand++) {
        const gone = givenUp({ messages: 50, tasks, demand });
        const spare = tasks * (0.97 - demand / 100);
        expect(gone).toBeLessThanOrEqual(Math.max(0, spare));
        expect(tasks - gone).toBeGreaterThanOrEqual(1);
        // The steps are coarse: of some hundreds two fifths go at once, of a few all.
        expect(gone).toBeGreaterThanOrEqual(Math.floor(spare) * (spare < 9 ? 1 : 0.4));
      }
    },
  );

  test("services on one queue each give up their share", () => {
    expect(shrinking()({ messages: 50, tasks: 30, demand: 37 })).toBe(15);
    expect(shrinking({ FleetServices: "3" })({ messages: 50, tasks: 30, demand: 37 })).toBe(6);
  });

  test("an idle fleet goes to its floor, and where it may sleep it is left to SleepPolicy", () => {
    const idle = { messages: 0, tasks: 30, demand: 0 };
    expect(shrinking()(idle)).toBeGreaterThanOrEqual(30);
    expect(shrinking({ MinTasks: "0" })(idle)).toBe(0);
  });

  test("wakes and sleeps only where no task need be there", () => {
    const { policies } = read({ MinTasks: "0", SleepAfterMinutes: "5" });
    expect(policies.map(({ name }) => name)).toEqual([
      "SteadyPolicy",
      "BurstPolicy",
      "ShrinkPolicy",
      "WakePolicy",
      "SleepPolicy",
    ]);
    const sleep = policies.at(-1);
    if (sleep?.kind !== "step") throw new Error("SleepPolicy is no step policy");
    expect(sleep.alarms[0]).toMatchObject({ evaluationPeriods: 5, datapointsToAlarm: 5, missingData: "notBreaching" });
  });

  test("the textbook's policy takes the place of ours by parameter", () => {
    const { policies } = read({ ScaleOn: "BacklogPerTask", TargetBacklogPerTask: "150" });
    expect(policies).toMatchObject([{ name: "BacklogPolicy", kind: "targetTracking", target: 150 }]);
  });

  test("floors are raised by the clock", () => {
    expect(read({ FloorTasks: "5" }).scheduled).toMatchObject([
      { name: "floor-from", minTasks: 5 },
      { name: "floor-until", minTasks: 1 },
    ]);
  });

  test("its own rules refuse a floor above the ceiling", () => {
    expect(() => read({ MinTasks: "20" })).toThrow("MinTasks must not exceed MaxTasks");
    expect(() => read({ FloorTasks: "50" })).toThrow("FloorTasks must not exceed MaxTasks");
    expect(read({ MinTasks: "20", MaxTasks: "20" }).minTasks).toBe(20);
  });

  test("parameters that it doesn't have or doesn't allow are named", () => {
    expect(() => read({ MaxTask: "7", MaxTasks: "7", TargetDemand: "200" })).toThrow(
      /no parameter MaxTask;[\s\S]*MaxTasks must be one of[\s\S]*TargetDemand must be between 50 and 110/,
    );
  });

  test("says in a sentence what each parameter and resource is for, in at most 250 lines", () => {
    const lines = own.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(250);
    const parameters = own.slice(own.indexOf("\nParameters:"), own.indexOf("\nRules:"));
    const names = parameters.match(/^ {2}\w+:/gm)!;
    expect(parameters.match(/Description: /g)).toHaveLength(names.length);
    for (const [at, line] of lines.entries()) {
      if (/^ {2}\w+:$/.test(line) && /^ {4}Type: AWS::/.test(lines[at + 1] ?? ""))
        expect(lines[at - 1]).toMatch(/^ {2}# \S/);
    }
  });
});

describe("what doesn't scale is none of the reader's business", () => {
  test.each([
    ["long form", '{ "Fn::Join": ["", ["arn:", { Ref: Name }]] }'],
    ["short form", '!Join ["", ["arn:", !Ref Name]]'],
    ["short form with a map", `!Transform { Name: AWS::Include, Parameters: { Location: !Sub 's3://\${Bucket}/x' } }`],
    ["short form of a scalar", "!ImportValue shared"],
    ["short form of a block", `!ImportValue\n        Fn::Sub: '\${Stack}-role'`],
    ["function that nobody knows yet", "!Later [1, 2]"],
    ["function of a condition that only a deployment knows", "!If [Known, a, b]"],
  ])("%s in another resource", (_, value) => {
    const text = `${template()}
  Role:
    Type: AWS::IAM::Role
    Condition: Known
    Properties:
      Value: ${value}
Conditions:
  Known: !Equals [!ImportValue here, yes]
`;
    expect(readScalingTemplate(text, "mine.yaml").policies).toHaveLength(1);
  });

  test.each([
    [
      "a target's id, as CDK writes it",
      'ScalableDimension: "ecs',
      'ResourceId: { "Fn::Join": ["/", [service, { Ref: C }, { "Fn::GetAtt": [S, Name] }]] }, ScalableDimension: "ecs',
    ],
    [
      "a description",
      "Statistic: Maximum",
      `Statistic: Maximum\n      AlarmDescription: !Sub ['\${a} \${!b}', { a: !ImportValue x }]`,
    ],
    [
      "another action beside the policy",
      "AlarmActions: [!Ref Burst]",
      "AlarmActions: [!ImportValue Topic, !Ref Burst]",
    ],
    ["the policy by its attribute", "AlarmActions: [!Ref Burst]", "AlarmActions: [!GetAtt Burst.Arn]"],
  ])("%s", (_, from, to) => {
    expect(template()).toContain(from);
    expect(readScalingTemplate(template().replace(from, to), "mine.yaml").policies).toHaveLength(1);
  });

  test("a table that scales, too", () => {
    const text = template().replace(
      "  Alarm:\n",
      `  Table:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: { ScalableDimension: "dynamodb:table:ReadCapacityUnits", MinCapacity: 5, MaxCapacity: 50 }
  Reads:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: { PolicyType: TargetTrackingScaling, ScalingTargetId: !Ref Table }
  Alarm:
`,
    );
    expect(readScalingTemplate(text, "mine.yaml")).toMatchObject({ maxTasks: 9, policies: [{ name: "Burst" }] });
  });

  test("a rule that only a deployment can check", () => {
    const rules = `Rules:
  Zones:
    Assertions: [{ AssertDescription: zones, Assert: { "Fn::EachMemberIn": [{ "Fn::RefAll": x }, [a]] } }]
${template()}`;
    expect(readScalingTemplate(rules, "mine.yaml").policies).toHaveLength(1);
  });
});

describe("functions are carried out where they scale", () => {
  test.each([
    ["10", "!FindInMap [Thresholds, prod, high]"],
    ["10", "!Select [1, [5, 10]]"],
    ["25", "!Select [1, !Split [',', '5,25']]"],
    ["120", "!Join ['', [1, 2, 0]]"],
    ["70", `!Sub ['\${a}0', { a: 7 }]`],
  ])("a threshold of %s by %s", (threshold, value) => {
    const text = `Mappings: { Thresholds: { prod: { high: 10 } } }\n${template().replace("Threshold: 10", `Threshold: ${value}`)}`;
    const [burst] = readScalingTemplate(text, "mine.yaml").policies;
    if (burst?.kind !== "step") throw new Error("Burst is no step policy");
    expect(burst.alarms[0]!.threshold).toBe(Number(threshold));
  });

  test("a scaling resource whose condition only a deployment knows is named", () => {
    const text = `Conditions: { Here: !Equals [!ImportValue x, y] }\n${template().replace("  Alarm:\n", "  Alarm:\n    Condition: Here\n")}`;
    expect(() => readScalingTemplate(text, "mine.yaml")).toThrow("mine.yaml: Fn::ImportValue x is not simulated");
  });
});

describe("a policy that can't be read is named, not guessed", () => {
  const reading = (parts: Parameters<typeof template>[0]) => () => readScalingTemplate(template(parts), "mine.yaml");

  test("the plain template can be read", () => {
    expect(reading({})()).toMatchObject({ minTasks: 1, maxTasks: 9, policies: [{ name: "Burst", kind: "step" }] });
  });

  test("a percentile, by its name", () => {
    expect(reading({ alarm: "ExtendedStatistic: p99" })).toThrow(
      "mine.yaml: Alarm: the statistic p99 is not simulated",
    );
  });

  test.each([
    [
      "PolicyType: StepScaling",
      "PolicyType: PredictiveScaling",
      "mine.yaml: Burst: a policy of type PredictiveScaling is not simulated",
    ],
    [
      "MetricName: BacklogMessages",
      "MetricName: CPUUtilization",
      "mine.yaml: Alarm: the metric CPUUtilization is not simulated",
    ],
    ["Period: 60", "Period: 45", "mine.yaml: Alarm: Period must be 10, 20, 30 or a multiple of 60, got 45"],
    ["Threshold: 10", "Threshold: ten", 'mine.yaml: Alarm: Threshold must be a number, got "ten"'],
    ["      Threshold: 10\n", "", "mine.yaml: Alarm: Threshold is missing"],
    ["[!Ref Burst]", "[]", "mine.yaml: Burst: no alarm invokes this step policy"],
    ["MinCapacity: 1", "MinCapacity: 10", "mine.yaml: Target: MinCapacity (10) must not exceed MaxCapacity (9)"],
    [
      "MetricIntervalLowerBound: 0,",
      "MetricIntervalLowerBound: 5, MetricIntervalUpperBound: 5,",
      "the step from 5 to 5 is empty",
    ],
    [
      "Period: 60",
      "Period: !ImportValue Period",
      'mine.yaml: Alarm: Period must be a number, got "<Fn::ImportValue Period>"',
    ],
    [
      "Period: 60",
      "Period: { Fn::ImportValue: Period }",
      'mine.yaml: Alarm: Period must be a number, got "<Fn::ImportValue Period>"',
    ],
    ["Statistic: Maximum", "Statistic: !Select [0, !GetAZs x]", "mine.yaml: Alarm: Statistic must be one of"],
    ["MinCapacity: 1", "MinCapacity: [", "mine.yaml: "],
    ["Resources:", "Things:", "a CloudFormation template has Resources, and this has none"],
  ])("%s → %s", (from, to, message) => {
    const text = template();
    expect(text).toContain(from);
    expect(() => readScalingTemplate(text.replace(from, to), "mine.yaml")).toThrow(message);
  });

  test("target tracking on CPU, with its name", () => {
    const text = template().replace(
      /PolicyType: StepScaling[\s\S]*?(?= {2}Alarm:)/,
      `PolicyType: TargetTrackingScaling
      TargetTrackingScalingPolicyConfiguration:
        TargetValue: 50
        PredefinedMetricSpecification: { PredefinedMetricType: ECSServiceAverageCPUUtilization }
`,
    );
    expect(() => readScalingTemplate(text, "mine.yaml")).toThrow(
      "mine.yaml: Burst: target tracking on ECSServiceAverageCPUUtilization is not simulated",
    );
  });

  test("all faults are told at once", () => {
    const text = template().replace("Period: 60", "Period: 45").replace("MinCapacity: 1", "MinCapacity: 10");
    expect(() => readScalingTemplate(text, "mine.yaml")).toThrow(/Alarm: Period[\s\S]*Target: MinCapacity/);
  });
});
