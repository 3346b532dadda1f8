import { describe, expect, test } from "@jest/globals";
import { Alarm, alarmState } from "../../../src/scaling/alarm.js";
import { Metrics } from "../../../src/scaling/metric-series.js";
import type { AlarmDefinition } from "../../../src/scaling/policy.js";

const alarm: AlarmDefinition = {
  name: "too few",
  query: { kind: "statistic", metric: "SlotDemand", statistic: "Average" },
  periodSeconds: 60,
  evaluationPeriods: 3,
  datapointsToAlarm: 2,
  threshold: 80,
  comparison: "GreaterThan",
  missingData: "missing",
};

describe("the state of an alarm", () => {
  test("is ALARM when enough of the last datapoints breach, in any order", () => {
    expect(alarmState(alarm, [90, 10, 90], "OK")).toBe("ALARM");
    expect(alarmState(alarm, [90, 10, 10], "ALARM")).toBe("OK");
  });

  test("counts the threshold itself only when the comparison says so", () => {
    expect(alarmState(alarm, [80, 80, 80], "OK")).toBe("OK");
    expect(alarmState({ ...alarm, comparison: "GreaterThanOrEqual" }, [80, 80, 80], "OK")).toBe("ALARM");
    expect(alarmState({ ...alarm, comparison: "LessThan" }, [80, 79, 79], "OK")).toBe("ALARM");
    expect(alarmState({ ...alarm, comparison: "LessThanOrEqual" }, [80, 80, 81], "OK")).toBe("ALARM");
  });

  test("is decided by the newest datapoints that exist, two periods further back if need be", () => {
    expect(alarmState(alarm, [90, 90, 10, undefined, undefined], "OK")).toBe("ALARM");
    expect(alarmState(alarm, [90, 90, undefined, undefined, undefined], "OK")).toBe("ALARM");
  });

  test("says what it was told to say of missing data where too few exist", () => {
    const gap = [undefined, undefined, undefined, undefined, 90];
    expect(alarmState({ ...alarm, missingData: "breaching" }, gap, "OK")).toBe("ALARM");
    expect(alarmState({ ...alarm, missingData: "notBreaching" }, gap, "ALARM")).toBe("OK");
    expect(alarmState({ ...alarm, missingData: "ignore" }, gap, "ALARM")).toBe("ALARM");
    expect(alarmState({ ...alarm, missingData: "ignore" }, gap, "OK")).toBe("OK");
    expect(alarmState(alarm, [undefined, undefined, undefined, undefined, undefined], "ALARM")).toBe(
      "INSUFFICIENT_DATA",
    );
  });
});

describe("an alarm as time goes by", () => {
  function bundle(definition: Partial<AlarmDefinition> = {}) {
    const metrics = new Metrics();
    const ticking = new Alarm({ ...alarm, evaluationPeriods: 1, datapointsToAlarm: 1, ...definition }, metrics, 3);
    const firedAt: number[] = [];
    const run = (until: number, from = 0) => {
      for (let now = from; now <= until; now++) if (ticking.tick(now)) firedAt.push(now);
      return firedAt;
    };
    return { metrics, run };
  }

  test("fires when a period is over and its samples have had time to arrive, then once a minute", () => {
    const { metrics, run } = bundle({ periodSeconds: 10 });
    for (let time = 5; time < 200; time += 10) metrics.put("SlotDemand", time, 100);
    expect(run(140)).toEqual([13, 73, 133]);
  });

  test("fires again at once when it has been quiet in between", () => {
    const { metrics, run } = bundle({ periodSeconds: 10 });
    for (const [time, value] of [
      [5, 100],
      [15, 10],
      [25, 100],
    ] as const) {
      metrics.put("SlotDemand", time, value);
    }
    expect(run(40)).toEqual([13, 33]);
  });

  test("never sees a sample that came too late", () => {
    const { metrics, run } = bundle({ periodSeconds: 10 });
    run(14);
    metrics.put("SlotDemand", 5, 100);
    expect(run(60, 15)).toEqual([]);
  });
});
