import { describe, expect, test } from "@jest/globals";
import { Autoscaler } from "../../../src/scaling/autoscaler.js";
import { Metrics } from "../../../src/scaling/metric-series.js";
import type { ScalingDefinition, TargetTrackingPolicy } from "../../../src/scaling/policy.js";
import { capacityIn, capacityOut } from "../../../src/scaling/target-tracking.js";

const tracking: TargetTrackingPolicy = {
  kind: "targetTracking",
  name: "steady",
  query: { kind: "statistic", metric: "SlotDemand", statistic: "Average" },
  target: 50,
  scaleOutCooldownSeconds: 60,
  scaleInCooldownSeconds: 60,
  scaleInDisabled: false,
};

describe("target tracking's arithmetic", () => {
  test("adds in proportion, rounded up: 10 tasks at 70 % against a target of 50 % become 14", () => {
    expect(capacityOut(10, 70, 50)).toBe(14);
    expect(capacityOut(10, 51, 50)).toBe(11);
  });

  test("takes away gradually, and never so many that the metric would pass its target", () => {
    expect(capacityIn(100, 5, 50)).toBe(90);
    expect(capacityIn(100, 48, 50)).toBe(96);
    expect(capacityIn(4, 10, 50)).toBe(3);
    expect(capacityIn(1, 49, 50)).toBe(1);
    expect(capacityIn(1, 0, 50)).toBe(0);
  });
});

describe("target tracking as time goes by", () => {
  function bundle(policies: ScalingDefinition["policies"] = [tracking]) {
    const metrics = new Metrics();
    const scaler = new Autoscaler({ name: "test", minTasks: 2, maxTasks: 40, policies, scheduled: [] }, metrics, 0);
    let tasks = 10;
    const changes: (readonly [number, number])[] = [];
    /** Samples `value(tasks)` every ten seconds; undefined publishes nothing. */
    const run = (from: number, until: number, value: (tasks: number, now: number) => number | undefined) => {
      for (let now = from; now < until; now++) {
        const sample = now % 10 === 0 ? value(tasks, now) : undefined;
        if (sample !== undefined) metrics.put("SlotDemand", now, sample);
        const activity = scaler.tick(now + 1, tasks);
        if (!activity) continue;
        tasks = activity.desiredTasks;
        changes.push([now + 1, tasks]);
      }
      return changes;
    };
    return { run };
  }

  test("scales out after three minutes above the target", () => {
    // The load needs 20 tasks: 100 % of 10.
    expect(bundle().run(0, 240, (tasks) => 1000 / tasks)).toEqual([[180, 20]]);
  });

  test("leaves a metric within a tenth below the target alone", () => {
    expect(bundle().run(0, 3600, () => 46)).toEqual([]);
  });

  test("scales in after fifteen minutes below that, one cooldown after the other, down to the floor", () => {
    const changes = bundle().run(0, 2400, () => 5);
    expect(changes[0]).toEqual([900, 9]);
    expect(changes[1]).toEqual([960, 8]);
    expect(changes.at(-1)![1]).toBe(2);
  });

  test("scales neither way without data", () => {
    expect(bundle().run(0, 3600, () => undefined)).toEqual([]);
    expect(bundle().run(0, 3600, (_, now) => (now < 120 ? 100 : undefined))).toEqual([]);
  });

  test("stops at the ceiling", () => {
    expect(bundle().run(0, 200, () => 1000)).toEqual([[180, 40]]);
  });

  test("counts what its last scale-out added as there, within the cooldown", () => {
    const slow = { ...tracking, scaleOutCooldownSeconds: 300 };
    // The metric lags: it still says 100 % of ten tasks after twenty were ordered.
    expect(bundle([slow]).run(0, 420, () => 100)).toEqual([[180, 20]]);
  });

  test("scales in only when every policy is ready to, and out when any wants to", () => {
    const other: TargetTrackingPolicy = {
      ...tracking,
      name: "other",
      query: { kind: "statistic", metric: "BacklogPerTask", statistic: "Average" },
    };
    // The other metric has no data: that policy isn't ready.
    expect(bundle([tracking, other]).run(0, 1800, () => 5)).toEqual([]);
    expect(bundle([tracking, other]).run(0, 200, () => 100)).toEqual([[180, 20]]);
    expect(bundle([tracking, { ...other, scaleInDisabled: true }]).run(0, 920, () => 5)).toEqual([[900, 9]]);
  });
});
