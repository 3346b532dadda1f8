import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ownTemplate } from "../../src/cli/simulate/policy-source.js";
import { noisyLoad, parseLoad, traceLoad } from "../../src/scaling/load.js";
import { peerPolicies } from "../../src/scaling/peers.js";
import { readScalingTemplate } from "../../src/scaling/policy-file.js";
import { Random } from "../../src/scaling/random.js";
import type { SimulationResult } from "../../src/scaling/simulation-result.js";
import { type SimulationOptions, simulateScaling } from "../../src/scaling/simulator.js";
import { CALM_FLEET } from "../support/calm-fleet.js";

const template = readFileSync(ownTemplate(), "utf8");
const policy = (overrides: Record<string, string> = {}) =>
  readScalingTemplate(template, "infra/scaling.yaml", { MaxTasks: "5000", ...overrides });
const load = (text: string, at = 60) => parseLoad(text, { at, over: 300, period: 86_400, burst: 60 });

/** 3 s agents, 20 slots a task, 45 s to start; messages in groups of 20, so that a run takes a fraction of a second. */
function run(change: Partial<SimulationOptions>) {
  const { slots = 20 } = change;
  return simulateScaling({
    ...CALM_FLEET,
    load: load("step:100..10000"),
    seconds: 1800,
    policy: policy(),
    agentSeconds: 3,
    slots,
    initialTasks: undefined,
    metricDelaySeconds: 3,
    grain: slots,
    seed: 1,
    ...change,
  });
}

/** Task-hours over those of a fleet that is always full and starts in no time. */
const share = ({ taskHours, leastTaskHours }: SimulationResult) => taskHours / leastTaskHours;

/** Two days of counts by five minutes, wandering as real ones do: a fleet of about 13 tasks, now and then of three times as many. */
function wanderingCounts(seed: number): string {
  const random = new Random(seed);
  const lines = ["time,messages"];
  for (let at = 0, state = 0; at < 2 * 288; at++) {
    state = 0.7 * state + 0.3 * random.normal();
    const burst = random.uniform() < 0.01 ? 3 : 1;
    lines.push(`${at * 300},${Math.round(90 * 300 * burst * Math.exp(0.75 * state + 0.12 * random.normal()))}`);
  }
  return lines.join("\n");
}

describe("what infra/scaling.yaml holds", () => {
  test.each([60, 63, 66, 69])(
    "a step of 100 × at second %i: p99 of at most 155 s at 1.2 × the least task-hours",
    (at) => {
      const result = run({ load: load("step:100..10000", at) });
      expect(result.waitSeconds.p99).toBeLessThan(155);
      expect(share(result)).toBeLessThan(1.2);
      expect(result.moments.at(-1)!.waitSeconds).toBeLessThan(15);
      expect(result.busyTasksKilled).toBe(0);
    },
  );

  test("no policy could do better than about 142 s there: launches are the limit", () => {
    expect(run({}).waitSeconds.p99).toBeGreaterThan(135);
  });

  test("two services on the queue wait at most 120 s, and stay equal", () => {
    const result = run({ services: 2, policy: policy({ FleetServices: "2" }) });
    expect(result.waitSeconds.p99).toBeLessThan(120);
    const last = [0, 1].map((service) => result.activities.findLast((each) => each.service === service)!.desiredTasks);
    expect(last[0]).toBe(last[1]);
  });

  test("50 slots a task wait at most 110 s", () => {
    expect(run({ slots: 50 }).waitSeconds.p99).toBeLessThan(110);
  });

  test.each([60, 65])("the same rise as a ramp of five minutes from second %i: at most 65 s at 1.15 ×", (at) => {
    const result = run({ load: load("ramp:100..10000", at) });
    expect(result.waitSeconds.p99).toBeLessThan(65);
    expect(share(result)).toBeLessThan(1.15);
  });

  test("a noisy day: 1.08 × the least task-hours, no busy task killed, waits within the target delay", () => {
    const result = run({ load: noisyLoad(load("diurnal:500..5000"), 0.05, 1), seconds: 86_400 });
    expect(share(result)).toBeLessThan(1.08);
    expect(result.busyTasksKilled).toBe(0);
    expect(result.waitSeconds.p99).toBeLessThan(30);
  });

  test.each([1, 2, 3])(
    "what a burst ordered is given up within minutes: counts that wander, made of seed %i",
    (seed) => {
      const counts = traceLoad("counts.csv", wanderingCounts(seed));
      const result = run({ load: counts, seconds: counts.seconds });
      expect(share(result)).toBeLessThan(1.2);
      expect(result.waitSeconds.p99).toBeLessThan(40);
      expect(result.busyTasksKilled).toBe(0);
      const patient = run({ load: counts, seconds: counts.seconds, policy: policy({ ShrinkAfterMinutes: "15" }) });
      expect(share(patient)).toBeGreaterThan(share(result) + 0.1);
    },
  );

  test.each<[string, number, Partial<SimulationOptions>]>([
    ["0.5 s", 1.13, { agentSeconds: 0.5, load: load("diurnal:50..500"), grain: 5 }],
    ["3 s, a few", 1.18, { slots: 10, load: load("diurnal:5..50"), grain: 1 }],
    ["30 s", 1.25, { agentSeconds: 30, load: load("diurnal:5..50"), grain: 1 }],
    [
      "120 s, in tasks protected while they are busy",
      1.95,
      {
        agentSeconds: 120,
        slots: 10,
        load: load("diurnal:1..10"),
        grain: 1,
        ecs: { ...CALM_FLEET.ecs, protection: "busy" },
      },
    ],
  ])("a noisy day of agents of %s: at most %d × the least task-hours", (_, most, change) => {
    for (const publisher of [
      CALM_FLEET.publisher,
      { ...CALM_FLEET.publisher, desiredLagSeconds: 20, missingShare: 0.2 },
    ]) {
      const result = run({ ...change, load: noisyLoad(change.load!, 0.05, 1), seconds: 86_400, publisher });
      expect(share(result)).toBeLessThan(most);
      expect(result.waitSeconds.p99).toBeLessThan(15);
      expect(result.busyTasksKilled).toBe(0);
    }
  });

  test("from zero the first message is handled within 75 s", () => {
    for (const at of [60, 63, 66, 69]) {
      const result = run({
        load: load("step:0..1", at),
        policy: policy({ MinTasks: "0" }),
        initialTasks: 0,
        seconds: 600,
        grain: 1,
      });
      expect(result.waitSeconds.max).toBeGreaterThan(45);
      expect(result.waitSeconds.max).toBeLessThan(75);
    }
  });

  test("a fleet that may sleep shrinks to one task, which only SleepPolicy takes", () => {
    const result = run({
      load: { name: "a while", rateAt: (second) => (second < 3000 ? 0.3 : 0) },
      policy: policy({ MinTasks: "0" }),
      initialTasks: 6,
      slots: 4,
      seconds: 5400,
      grain: 1,
    });
    const orders = result.activities.filter(({ desiredTasks, fromTasks }) => desiredTasks < fromTasks);
    expect(orders.find(({ policy }) => policy === "ShrinkPolicy")).toBeDefined();
    for (const { policy, desiredTasks } of orders)
      if (policy !== "SleepPolicy") expect(desiredTasks).toBeGreaterThan(0);
    expect(orders.at(-1)).toMatchObject({ policy: "SleepPolicy", desiredTasks: 0 });
  });

  test("it sleeps when nothing is left, and not before", () => {
    const result = run({
      load: { name: "a while", rateAt: (second) => (second < 300 ? 2 : 0) },
      policy: policy({ MinTasks: "0", SleepAfterMinutes: "5" }),
      seconds: 1200,
      grain: 1,
    });
    const sleep = result.activities.find(({ desiredTasks }) => desiredTasks === 0)!;
    expect(sleep.policy).toBe("SleepPolicy");
    expect(sleep.second).toBeGreaterThan(600);
    expect(sleep.second).toBeLessThan(720);
    expect(result.unfinished).toBe(0);
  });

  test.each([
    ["know the desired count of ten seconds ago", { desiredLagSeconds: 10 }],
    ["publish at any moment of the interval", { jitterSeconds: 9 }],
  ])("the fleet isn't ordered twice by publishers that %s", (_, change) => {
    for (const at of [60, 64, 68]) {
      const result = run({ load: load("step:100..10000", at), publisher: { ...CALM_FLEET.publisher, ...change } });
      expect(share(result)).toBeLessThan(1.2);
    }
  });

  test("half of the publications may be lost", () => {
    const result = run({ publisher: { ...CALM_FLEET.publisher, missingShare: 0.5 } });
    expect(result.waitSeconds.p99).toBeLessThan(165);
    expect(share(result)).toBeLessThan(1.2);
  });

  test("workers that measure half the agents' time still hold the wait", () => {
    expect(run({ publisher: { ...CALM_FLEET.publisher, agentTimeError: 0.5 } }).waitSeconds.p99).toBeLessThan(165);
  });

  test("without any data nothing is scaled", () => {
    expect(run({ publisher: { ...CALM_FLEET.publisher, missingShare: 1 }, seconds: 600 }).activities).toEqual([]);
  });
});

describe("what others' policies do with the same step", () => {
  const others = peerPolicies({ slots: 20, agentSeconds: 3, targetDelaySeconds: 30, minTasks: 1, maxTasks: 5000 });

  test("only KEDA waits less than ours, for more than twice the task-hours, and none is cheaper that catches up", () => {
    const ours = run({});
    for (const peer of others.map((each) => run({ policy: each }))) {
      if (peer.policy.startsWith("KEDA")) expect(peer.taskHours).toBeGreaterThan(2 * ours.taskHours);
      else expect(peer.waitSeconds.p99).toBeGreaterThan(ours.waitSeconds.p99);
      if (peer.unfinished === 0) expect(peer.taskHours).toBeGreaterThan(ours.taskHours);
    }
  });

  test("CDK's default steps never catch up", () => {
    const cdk = run({ policy: others.find(({ name }) => name.startsWith("CDK"))! });
    expect(cdk.unfinished).toBeGreaterThan(10_000_000);
    expect(cdk.waitSeconds.p99).toBeGreaterThan(6500);
  });
});

describe("the fleet", () => {
  test("a million messages, one by one", () => {
    const result = run({ load: load("constant:1000"), seconds: 1000, grain: 1, agentTimes: "exponential" });
    expect(result.messages).toBeGreaterThan(990_000);
    expect(result.unfinished).toBe(0);
  });

  test("groups of messages wait as single ones do", () => {
    const single = run({ grain: 1, seconds: 600, load: load("step:10..1000") });
    const grouped = run({ grain: 10, seconds: 600, load: load("step:10..1000") });
    expect(Math.abs(grouped.waitSeconds.p95 - single.waitSeconds.p95)).toBeLessThan(5);
  });

  test("equal seeds give equal runs", () => {
    const [first, second] = [run({ seed: 5, seconds: 300 }), run({ seed: 5, seconds: 300 })];
    expect(second).toEqual(first);
    expect(run({ seed: 6, seconds: 300 }).messages).not.toBe(first.messages);
  });

  test("protected tasks with an agent in them outlive a scale-in; unprotected ones are cut off at the end of the drain", () => {
    const falling: Partial<SimulationOptions> = {
      load: { name: "falling", rateAt: (second) => (second < 600 ? 1 : 0.1) },
      agentSeconds: 300,
      slots: 4,
      grain: 1,
      seconds: 5400,
    };
    const ecs = { ...CALM_FLEET.ecs, protection: "busy" as const };
    const guarded = run({ ...falling, ecs });
    expect([guarded.busyTasksKilled, guarded.interruptedMessages]).toEqual([0, 0]);
    const unguarded = run(falling);
    expect(unguarded.busyTasksKilled).toBeGreaterThan(0);
    expect(unguarded.interruptedMessages).toBeGreaterThanOrEqual(unguarded.busyTasksKilled);
  });

  test("tasks that Spot takes back are replaced, and short agents end within the drain", () => {
    const result = run({
      load: load("constant:100"),
      ecs: { ...CALM_FLEET.ecs, spotShare: 1, spotLossPerHour: 0.5 },
      seconds: 3600,
      grain: 1,
    });
    expect(result.spotTasksLost).toBeGreaterThan(3);
    expect(result.interruptedMessages).toBe(0);
    expect(result.moments.at(-1)!.runningTasks).toBeGreaterThanOrEqual(15);
  });

  test("no more than 120,000 messages are in flight", () => {
    const result = run({ load: load("constant:2000"), agentSeconds: 100, slots: 50, initialTasks: 4000, seconds: 400 });
    expect(result.moments.at(-1)!.waiting).toBeGreaterThan(300_000);
  });
});

describe("what it holds behind a provider of 600 calls a minute", () => {
  /** 10,000 messages at once, at second `at`. */
  const burst = (at: number) => ({ name: "burst", counted: true, rateAt: (t: number) => (t === at ? 10_000 : 0) });
  const budget = { startsPerSecond: 10, atOnce: Number.POSITIVE_INFINITY };
  /** Of 3 s each, so that it keeps 30 slots busy. */
  const usable = (slots: number) => 30 / slots;
  const ordered = ({ activities }: SimulationResult) => Math.max(1, ...activities.map((each) => each.desiredTasks));

  test.each([60, 63, 66, 69].flatMap((at) => [5, 10, 15].map((slots) => [at, slots] as const)))(
    "10,000 waiting messages at second %i order at most 2 × the tasks of %i slots that it can use, and all are worked off",
    (at, slots) => {
      const behind = { load: burst(at), slots, grain: 1, initialTasks: 1 };
      const result = run({ ...behind, budget });
      expect(ordered(result)).toBeLessThanOrEqual(2 * usable(slots));
      expect(ordered(result)).toBeGreaterThanOrEqual(usable(slots));
      expect(result.unfinished).toBe(0);
      // At 10 a second, 1,000 s: the provider was never idle for long.
      expect(result.waitSeconds.max).toBeLessThan(1.05 * 1_000);
      const unaware = run({ ...behind, policy: policy({ MaxTasks: "100" }) });
      expect(ordered(unaware)).toBe(100);
    },
  );

  test("20 a second, twice what it takes, order no more either, however long they come", () => {
    const result = run({ load: load("step:5..20"), slots: 10, grain: 1, seconds: 3600, budget });
    expect(ordered(result)).toBeLessThanOrEqual(2 * usable(10));
    expect(result.moments.at(-1)!.desiredTasks).toBeGreaterThanOrEqual(usable(10));
  });
});

/** Real arrivals, which lie beside the project where they are had at all; see docs/scaling.md. */
const TRACES = join("..", "shared", "traces");

const REAL_DAYS: readonly (readonly [file: string, days: number, most: number, wait: number])[] = [
  ["tweets-amzn.csv", 55, 1.2, 30],
  ["taxi.csv", 30, 1.08, 15],
];

describe("what it holds on real days", () => {
  for (const [file, days, most, wait] of REAL_DAYS) {
    const path = join(TRACES, file);
    const sentence = `${file} for ${days} days: at most ${most} × the least task-hours at a p99 of ${wait} s`;
    (existsSync(path) ? test : test.skip)(sentence, () => {
      const real = traceLoad(file, readFileSync(path, "utf8"));
      const result = run({ load: real, seconds: Math.min(real.seconds, days * 86_400) });
      expect(share(result)).toBeLessThan(most);
      expect(result.waitSeconds.p99).toBeLessThan(wait);
      expect(result.busyTasksKilled).toBe(0);
    });
  }
});
