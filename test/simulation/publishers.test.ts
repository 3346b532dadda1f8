import { describe, expect, jest, test } from "@jest/globals";
import { Counters } from "../../src/observe/counters.js";
import { FleetEstimate } from "../../src/observe/fleet-estimate.js";
import { MetricsPublisher } from "../../src/observe/publisher.js";
import { QueueWatch } from "../../src/observe/queue-watch.js";
import { askFleetEveryMs, OWN_SUMS_WAIT_MAX_MS, publishChance } from "../../src/observe/thinning.js";
import type { Publication } from "../../src/pipeline/ports/metrics.js";
import type { WorkerStatus } from "../../src/pipeline/ports/status.js";
import { slotDemand } from "../../src/scaling/slot-demand.js";
import { FakeClock } from "../support/fake-clock.js";

jest.setTimeout(120_000);

const INTERVAL_SECONDS = 10;
const SLOTS = 20;
const AGENT_SECONDS = 2;
const delivery = { messageId: "m-1", receiveCount: 1 };

/** Uniform numbers that are the same in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface FleetOptions {
  readonly seed: number;
  /** Arrivals and settled messages a second and task. */
  readonly perTaskSecond?: number;
  /** False: nobody tells the fleet's size, and each task goes by its share of the messages in flight. */
  readonly ecs?: boolean;
}

/** Many publishers on one queue and one clock, every call of theirs counted. */
class SimulatedFleet {
  readonly clock = new FakeClock({ wall: Date.UTC(2026, 0, 1) });
  readonly publications: Publication[] = [];
  readonly calls: number[] = [];
  handled = 0;
  readonly #tasks: { publisher: MetricsPublisher; counters: Counters }[] = [];
  readonly #random: () => number;
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#random = seeded(options.seed);
  }

  get size(): number {
    return this.#tasks.length;
  }

  add(): void {
    const { clock, publications, calls } = this;
    const counters = new Counters(clock);
    const busy = (this.#options.perTaskSecond ?? 0) * AGENT_SECONDS;
    const called = <T>(answer: T) => {
      calls.push(clock.monotonic());
      return Promise.resolve(answer);
    };
    const status = (): WorkerStatus => ({
      state: "running",
      slots: SLOTS,
      busy,
      buffered: 0,
      openPolls: 1,
      settling: 0,
      meanAgentSeconds: AGENT_SECONDS,
      lastReceiveOkAt: undefined,
    });
    const random = this.#random;
    const toldByEcs = { read: () => called({ desired: this.size, running: this.size }) };
    const publisher = new MetricsPublisher({
      settings: { metricsNamespace: "Queuehand", metricsIntervalSeconds: INTERVAL_SECONDS },
      queueName: "tasks",
      counters,
      status,
      watch: new QueueWatch({
        settings: { targetDelaySeconds: 30, drainBacklogSeconds: 300 },
        queue: { counts: () => called({ visible: 0, inFlight: Math.round(busy * this.size), delayed: 0 }) },
        fleet: new FleetEstimate({ fleet: this.#options.ecs === false ? undefined : toldByEcs, clock, random }),
        counters,
        status,
        slotDemand,
        clock,
        random,
      }),
      sink: {
        publish(publication) {
          publications.push(publication);
          return called(undefined);
        },
      },
      clock,
      telemetry: () => {},
      random,
    });
    this.#tasks.push({ publisher, counters });
    publisher.start();
  }

  /** Lets time pass, with each task handling its messages evenly. */
  async run(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      const perSecond = this.#options.perTaskSecond ?? 0;
      for (const { counters } of perSecond > 0 ? this.#tasks : []) {
        for (let each = 0; each < perSecond; each++) {
          counters.record({ kind: "started", delivery, inQueueMs: 100, bufferedMs: 0 });
          counters.record({ kind: "ended", delivery, outcome: "done", agentMs: AGENT_SECONDS * 1000 });
          counters.record({ kind: "settled", delivery, outcome: "done", agentMs: 0, certain: true });
          this.handled++;
        }
      }
      await this.clock.advance(1_000);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#tasks.splice(0).map(({ publisher }) => publisher.stop(2_000)));
  }

  /** Calls a second since `from`, and the most of any ten seconds. */
  rates(from: number): { mean: number; peak: number } {
    const calls = this.calls.filter((at) => at >= from);
    const windows = new Map<number, number>();
    for (const at of calls) {
      const window = Math.floor(at / 10_000);
      windows.set(window, (windows.get(window) ?? 0) + 1);
    }
    return {
      mean: (calls.length * 1000) / (this.clock.monotonic() - from),
      peak: Math.max(0, ...windows.values()) / 10,
    };
  }

  values(name: string): number[] {
    return this.publications
      .flatMap(({ metrics }) => metrics.filter((metric) => metric.name === name))
      .map(({ values }) => values[0]!);
  }
}

/** Calls a second that a fleet needs for its metrics, by the rules of the thinning alone; the most it can come to. */
function callsPerSecond(tasks: number): number {
  const publications = (tasks * publishChance(tasks)) / INTERVAL_SECONDS;
  return 4 * publications + (tasks * 1000) / askFleetEveryMs(tasks) + (tasks * 1000) / OWN_SUMS_WAIT_MAX_MS;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the calls of a whole fleet for its metrics", () => {
  test("stay below 20 a second from 1 to 5,000 tasks", () => {
    const rates = Array.from({ length: 5_000 }, (_, index) => callsPerSecond(index + 1));
    expect(Math.max(...rates)).toBeLessThan(14);
    expect(rates[0]).toBeLessThan(0.5);
  });

  test.each([1, 5, 50, 200, 1_000])("are what the rules say, with %i tasks really publishing", async (tasks) => {
    const fleet = new SimulatedFleet({ seed: tasks, perTaskSecond: 1 });
    for (let each = 0; each < tasks; each++) fleet.add();
    await fleet.run(60);
    const from = fleet.clock.monotonic();
    await fleet.run(300);
    const { mean, peak } = fleet.rates(from);
    expect(mean).toBeGreaterThan(0.2);
    expect(mean).toBeLessThan(1.15 * callsPerSecond(tasks));
    expect(peak).toBeLessThan(20);
    await fleet.stop();
  });

  test("stay below 20 a second while a task is launched eight times a second, the most that ECS does", async () => {
    const fleet = new SimulatedFleet({ seed: 7 });
    for (let second = 0; second < 180; second++) {
      for (let each = 0; each < 8; each++) fleet.add();
      await fleet.run(1);
    }
    expect(fleet.size).toBe(1_440);
    expect(fleet.rates(0).peak).toBeLessThan(20);
    await fleet.stop();
  });
});

describe("200 publishers", () => {
  test("publish the queue's metrics about five times in an interval, and leave hardly one out", async () => {
    const fleet = new SimulatedFleet({ seed: 3, perTaskSecond: 1 });
    for (let each = 0; each < 200; each++) fleet.add();
    await fleet.run(30);
    fleet.publications.length = 0;
    await fleet.run(1_000);
    const demands = fleet.publications.filter(({ metrics }) => metrics.some(({ name }) => name === "SlotDemand"));
    expect(demands.length / 100).toBeGreaterThan(4);
    expect(demands.length / 100).toBeLessThan(6);
    const intervals = new Set(demands.map(({ at }) => Math.floor(at / 10_000)));
    expect(intervals.size).toBeGreaterThan(95);
    await fleet.stop();
  });

  test("tell the demand of the fleet, not of one task", async () => {
    const fleet = new SimulatedFleet({ seed: 4, perTaskSecond: 5 });
    for (let each = 0; each < 200; each++) fleet.add();
    await fleet.run(300);
    // 5 messages a second of 2 s each keep 10 of a task's 20 slots busy.
    expect(mean(fleet.values("SlotDemand"))).toBeCloseTo(50, 0);
    await fleet.stop();
  });

  test("lose and double nothing: what they published in the end is what they handled", async () => {
    const fleet = new SimulatedFleet({ seed: 5, perTaskSecond: 2 });
    for (let each = 0; each < 200; each++) fleet.add();
    await fleet.run(300);
    await fleet.stop();
    expect(fleet.handled).toBe(200 * 2 * 300);
    expect(fleet.values("MessagesSettled").reduce((sum, value) => sum + value)).toBe(fleet.handled);
    expect(fleet.clock.timers).toBe(0);
  });

  test("are thinned by their share of the messages in flight where nobody tells the fleet's size", async () => {
    const fleet = new SimulatedFleet({ seed: 6, perTaskSecond: 5, ecs: false });
    for (let each = 0; each < 200; each++) fleet.add();
    await fleet.run(60);
    const from = fleet.clock.monotonic();
    await fleet.run(300);
    expect(fleet.rates(from).mean).toBeLessThan(callsPerSecond(200));
    expect(fleet.values("BacklogPerTask").at(-1)).toBeCloseTo(10, 0);
    await fleet.stop();
  });
});
