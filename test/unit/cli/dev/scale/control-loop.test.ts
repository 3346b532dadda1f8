import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { ControlLoop } from "../../../../../src/cli/dev/scale/control-loop.js";
import { samplesOf } from "../../../../../src/cli/dev/scale/emf-samples.js";
import { emfLines } from "../../../../../src/observe/emf.js";
import { readScalingTemplate } from "../../../../../src/scaling/policy-file.js";

const PATH = "infra/scaling.yaml";

async function loop(overrides: Record<string, string> = {}) {
  const carriedOut: number[] = [];
  const policy = readScalingTemplate(await readFile(PATH, "utf8"), PATH, { MaxTasks: "20", ...overrides });
  const control = new ControlLoop({
    policy,
    metricDelaySeconds: 3,
    actionDelaySeconds: 1,
    initialTasks: 2,
    carryOut: (tasks) => carriedOut.push(tasks),
  });
  return { control, carriedOut };
}

test("orders at the end of a period in which workers published too high a demand, with the reason, and carries it out", async () => {
  const { control, carriedOut } = await loop();
  for (let second = 1; second <= 12; second++) {
    if (second === 9) control.published({ metric: "SlotDemand", value: 300 }, second);
    expect(control.tick(second)).toBeUndefined();
  }
  expect(control.tick(13)).toEqual({
    second: 13,
    fromTasks: 2,
    toTasks: 9,
    policy: "BurstPolicy",
    reason: "BurstAlarmEven: SlotDemand 300 ≥ 112: +383 %",
  });
  expect([control.slotDemand, control.ordered, carriedOut]).toEqual([300, 9, []]);
  expect(control.alarms.find(({ name }) => name === "BurstAlarmEven")).toMatchObject({ state: "ALARM", value: 300 });
  control.tick(14);
  expect(carriedOut).toEqual([9]);
});

test("takes spare tasks back, and never below the floor", async () => {
  const { control, carriedOut } = await loop({ MinTasks: "1" });
  for (let second = 1; second <= 1200; second++) {
    if (second % 10 === 9) {
      control.published({ metric: "SlotDemand", value: 10 }, second);
      control.published({ metric: "BacklogMessages", value: 2 }, second);
      control.published({ metric: "BacklogPerTask", value: 1 }, second);
    }
    control.tick(second);
  }
  expect(carriedOut).toEqual([1]);
  expect(control.orders).toMatchObject([{ policy: "ShrinkPolicy", fromTasks: 2, toTasks: 1 }]);
});

test("reads what workers publish as EMF, of many metrics those that scaling knows", () => {
  const gauge = (name: string, value: number) =>
    ({ name, unit: "Percent", values: [value], counts: [1], resolution: 1 }) as const;
  const metrics = [gauge("SlotDemand", 87.5), gauge("BacklogMessages", 3), gauge("Unheard", 4)];
  const lines = emfLines({ namespace: "Queuehand", queueName: "q", at: 1_000, metrics });
  expect(lines.flatMap((line) => samplesOf(JSON.parse(line)))).toEqual([
    { metric: "SlotDemand", wallMs: 1_000, value: 87.5 },
    { metric: "BacklogMessages", wallMs: 1_000, value: 3 },
  ]);
  expect(samplesOf({ level: "info", msg: "worker running", SlotDemand: 5 })).toEqual([]);
});
