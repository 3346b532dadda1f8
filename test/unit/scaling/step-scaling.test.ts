import { describe, expect, test } from "@jest/globals";
import { Autoscaler } from "../../../src/scaling/autoscaler.js";
import { ScaleInCooldown, ScaleOutCooldown } from "../../../src/scaling/cooldown.js";
import { Metrics } from "../../../src/scaling/metric-series.js";
import type { StepScalingPolicy } from "../../../src/scaling/policy.js";
import { capacityAfterStep, stepFor, wholeTasks } from "../../../src/scaling/step-scaling.js";

const policy: StepScalingPolicy = {
  kind: "step",
  name: "burst",
  alarms: [
    {
      name: "high",
      query: { kind: "statistic", metric: "SlotDemand", statistic: "Average" },
      periodSeconds: 10,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      threshold: 60,
      comparison: "GreaterThanOrEqual",
      missingData: "notBreaching",
    },
  ],
  adjustmentType: "PercentChangeInCapacity",
  steps: [
    { lower: 0, upper: 10, adjustment: 10 },
    { lower: 10, upper: Number.POSITIVE_INFINITY, adjustment: 30 },
  ],
  cooldownSeconds: 30,
  minAdjustmentMagnitude: 0,
  aggregation: "Average",
};

describe("step scaling, by AWS's documented examples", () => {
  test("a step above the threshold holds its lower end and not its upper one", () => {
    expect(stepFor(policy.steps, 0)!.adjustment).toBe(10);
    expect(stepFor(policy.steps, 10)!.adjustment).toBe(30);
    expect(stepFor(policy.steps, 1e9)!.adjustment).toBe(30);
  });

  test("a step below the threshold holds its upper end and not its lower one", () => {
    const down = [
      { lower: -10, upper: 0, adjustment: 0 },
      { lower: -20, upper: -10, adjustment: -10 },
      { lower: Number.NEGATIVE_INFINITY, upper: -20, adjustment: -30 },
    ];
    expect(stepFor(down, -10)!.adjustment).toBe(-10);
    expect(stepFor(down, -20)!.adjustment).toBe(-30);
  });

  test("drops the fraction of a change, unless nothing would be left of it", () => {
    expect([12.7, 0.3, -0.58, -6.67, 0].map(wholeTasks)).toEqual([12, 1, -1, -6, 0]);
  });

  test("10 tasks: 30 % at a breach of 10 and more are 3, 10 % of the 13 then are 1", () => {
    const [ten, thirty] = policy.steps;
    expect(capacityAfterStep(policy, thirty!, 10)).toBe(13);
    expect(capacityAfterStep(policy, ten!, 13)).toBe(14);
  });

  test("25 % of 4 tasks are 1, but at least the least change of 2", () => {
    const step = { lower: 0, upper: 1, adjustment: 25 };
    expect(capacityAfterStep({ ...policy, minAdjustmentMagnitude: 2 }, step, 4)).toBe(6);
  });

  test("exact capacity and change in capacity say tasks", () => {
    const step = { lower: 0, upper: 1, adjustment: 5 };
    expect(capacityAfterStep({ ...policy, adjustmentType: "ExactCapacity" }, step, 12)).toBe(5);
    expect(capacityAfterStep({ ...policy, adjustmentType: "ChangeInCapacity" }, step, 12)).toBe(17);
  });
});

describe("cooldowns, by AWS's documented example", () => {
  test("2 tasks were added; within the cooldown a step of 3 adds only 1 more", () => {
    const cooldown = new ScaleOutCooldown(300);
    cooldown.started(0, 10);
    const tasks = 12;
    expect(cooldown.baseAt(100, tasks) + 3 - tasks).toBe(1);
    expect(cooldown.baseAt(300, tasks)).toBe(12);
  });

  test("a scale-in bars the next one until its cooldown is over", () => {
    const cooldown = new ScaleInCooldown(60);
    expect(cooldown.allows(0)).toBe(true);
    cooldown.started(0);
    expect(cooldown.allows(59)).toBe(false);
    expect(cooldown.allows(60)).toBe(true);
  });

  test("a metric that hasn't heard of an order yet doesn't order it again", () => {
    const metrics = new Metrics();
    const scaler = new Autoscaler(
      { name: "test", minTasks: 0, maxTasks: 100, policies: [policy], scheduled: [] },
      metrics,
      0,
    );
    const orders: number[] = [];
    let tasks = 10;
    for (let now = 0; now < 30; now++) {
      if (now % 10 === 5) metrics.put("SlotDemand", now, now === 15 ? 0 : 90);
      tasks = scaler.tick(now + 1, tasks)?.desiredTasks ?? tasks;
      if (tasks !== (orders.at(-1) ?? 10)) orders.push(tasks);
    }
    expect(orders).toEqual([13]);
  });
});
