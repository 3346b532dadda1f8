import { describe, expect, test } from "@jest/globals";
import { FleetClock } from "../../../../../src/cli/dev/scale/fleet-clock.js";
import { LoadPump } from "../../../../../src/cli/dev/scale/load-pump.js";
import { LoadSender } from "../../../../../src/cli/dev/scale/load-sender.js";
import { MarkReader } from "../../../../../src/cli/dev/scale/marks.js";
import { PeersRun } from "../../../../../src/cli/dev/scale/peers-run.js";
import { WaitTimes } from "../../../../../src/cli/dev/scale/wait-times.js";
import { Arrivals } from "../../../../../src/scaling/arrivals.js";
import { Random } from "../../../../../src/scaling/random.js";
import { simulateScaling } from "../../../../../src/scaling/simulator.js";
import { CALM_FLEET } from "../../../../support/calm-fleet.js";

const step = { name: "step", rateAt: (second: number) => (second < 60 ? 100 : 200) };

describe("The load's pump", () => {
  test("brings as many messages as the load says, divided by the speed, whatever the beat", () => {
    const counts = [0.04, 0.8, 7].map((beat) => {
      const pump = new LoadPump(step, 1 / 20, new Random(7));
      let [calm, busy] = [0, 0];
      for (let now = beat; now < 1260; now += beat) {
        for (const moment of pump.due(now)) {
          expect(moment).toBeLessThanOrEqual(now);
          if (moment < 60) calm++;
          else busy++;
        }
      }
      return [calm / 60, busy / 1200] as const;
    });
    for (const [calm, busy] of counts) {
      expect(calm).toBeCloseTo(5, 0);
      expect(busy).toBeCloseTo(10, 0);
    }
    expect(new Set(counts.map(([calm]) => calm.toFixed(6))).size).toBe(1);
  });

  test("brings counted messages evenly, and obeys a change and a factor", () => {
    const pump = new LoadPump({ name: "counted", counted: true, rateAt: () => 2 }, 1);
    expect(pump.due(2)).toEqual([0.25, 0.75, 1.25, 1.75]);
    pump.factor = 2;
    expect(pump.due(3)).toHaveLength(4);
    expect(pump.name).toBe("counted × 2.00");
    pump.change({ name: "none", rateAt: () => 0 }, 3);
    expect([pump.due(100), pump.name]).toEqual([[], "none"]);
  });
});

describe("The sender", () => {
  test("numbers messages, sends them in tens, and knows up to which all are answered for", async () => {
    const batches: string[][] = [];
    const answers: (() => void)[] = [];
    const told: [number, string][] = [];
    const sender = new LoadSender({
      send: async (messages) => {
        batches.push(messages.map(({ body }) => body));
        await new Promise<void>((resolve) => answers.push(resolve));
        return messages.map(({ body }) =>
          body === "3"
            ? { ok: false, detail: "", unknown: true }
            : body === "4"
              ? { ok: false, detail: "" }
              : { ok: true, id: body },
        );
      },
      body: String,
      onSent: (n, how) => told.push([n, how]),
      onError: () => {},
    });
    sender.add(15);
    expect(batches.map(({ length }) => length)).toEqual([10, 5]);
    answers[1]!();
    await new Promise(setImmediate);
    expect([sender.answered, told.length]).toEqual([0, 5]);
    answers[0]!();
    await sender.stop();
    expect([sender.answered, sender.behind]).toEqual([15, 0]);
    expect(told.filter(([, how]) => how !== "sent")).toEqual([
      [3, "unsure"],
      [4, "refused"],
    ]);
    sender.add(5);
    expect([batches.length, sender.behind]).toEqual([2, 5]);
  });
});

test("marks are read whole, whatever pieces a pipe makes of them", () => {
  const reader = new MarkReader();
  expect([...reader.read("s 1 10.5\nd"), ...reader.read(" 1 20\nx 2 3\nf 2"), ...reader.read(" 30\n")]).toEqual([
    { kind: "started", n: 1, wallMs: 10.5 },
    { kind: "done", n: 1, wallMs: 20 },
    { kind: "failed", n: 2, wallMs: 30 },
  ]);
});

test("waits count from sent to the first start", () => {
  const waits = new WaitTimes();
  for (let n = 1; n <= 100; n++) {
    waits.sent(n, 0);
    waits.started(n, n * 1000);
    waits.started(n, 9_000_000);
  }
  expect(waits.takeRecent()).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
  expect([waits.takeRecent().max, waits.all.max]).toEqual([0, 100]);
});

test("the fleet's clock runs as fast as it is told, and begins with an hour", () => {
  let machine = 5_000;
  const clock = new FleetClock(20, () => machine, 1_800_000_123_456);
  expect([clock.startWallMs % 3_600_000, clock.now]).toEqual([0, 0]);
  machine += 1_500;
  expect([clock.now, clock.secondOf(clock.wallMs), clock.machineMs(60)]).toEqual([30, 30, 3_000]);
});

test("the simulator beside the fleet makes of recorded arrivals what it makes of the load that they came from", () => {
  const load = { name: "step", rateAt: (second: number) => (second < 60 ? 2 : 20) };
  const policy = { name: "none", minTasks: 1, maxTasks: 20, policies: [], scheduled: [] };
  const options = { ...CALM_FLEET, policy, agentSeconds: 3, slots: 10, initialTasks: 6, metricDelaySeconds: 3 };
  const peers = new PeersRun({ options, rateAt: load.rateAt, targetDelaySeconds: 30 });
  const arrivals = new Arrivals(load, new Random(16 + 2), 1, 600);
  for (let second = 1; second <= 600; second++) {
    for (; arrivals.next < second; arrivals.advance()) peers.arrived(arrivals.next);
    peers.follow(second);
  }
  const whole = simulateScaling({ ...options, load, seconds: 600, grain: 1, seed: 1 });
  const [followed] = peers.views;
  expect([followed!.taskHours, followed!.waiting]).toEqual([whole.taskHours, whole.unfinished]);
  // The whole run counts the last ones as well, which wait still.
  expect(followed!.waitP95).toBeCloseTo(whole.waitSeconds.p95, 1);
  expect(peers.views.map(({ policy: name }) => name.split(" ")[0])).toEqual(["simulated", "KEDA", "CDK"]);
});
