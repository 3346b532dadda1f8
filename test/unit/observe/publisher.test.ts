import { describe, expect, test } from "@jest/globals";
import { Counters } from "../../../src/observe/counters.js";
import { FleetEstimate } from "../../../src/observe/fleet-estimate.js";
import { MetricsPublisher } from "../../../src/observe/publisher.js";
import type { SlotDemandInput } from "../../../src/observe/queue-metrics.js";
import { QueueWatch } from "../../../src/observe/queue-watch.js";
import type { Backlog, Fleet, Publication } from "../../../src/pipeline/ports/metrics.js";
import type { OutcomeKind } from "../../../src/pipeline/ports/outcome.js";
import type { WorkerStatus } from "../../../src/pipeline/ports/status.js";
import type { Fact } from "../../../src/pipeline/ports/telemetry.js";
import { slotDemand } from "../../../src/scaling/slot-demand.js";
import { FakeClock } from "../../support/fake-clock.js";

const delivery = { messageId: "m-1", receiveCount: 1 };

function setup(options: { fleet?: Fleet; random?: () => number } = {}) {
  const clock = new FakeClock();
  const counters = new Counters(clock);
  const publications: Publication[] = [];
  const facts: Fact[] = [];
  const calls = { counts: 0, fleet: 0, sink: 0 };
  const world = {
    backlog: { visible: 0, inFlight: 0, delayed: 0 } as Backlog,
    fleet: options.fleet,
    status: {
      state: "running",
      slots: 10,
      busy: 0,
      buffered: 0,
      openPolls: 1,
      settling: 0,
      meanAgentSeconds: 2,
      lastReceiveOkAt: undefined,
    } as WorkerStatus,
    publish: async (publication: Publication): Promise<void> => void publications.push(publication),
    read: async (): Promise<Backlog> => world.backlog,
    demandedOf: [] as SlotDemandInput[],
  };
  const random = options.random ?? (() => 0.25);
  const status = () => world.status;
  const fleet = new FleetEstimate({
    fleet: {
      async read() {
        calls.fleet++;
        return world.fleet;
      },
    },
    clock,
    random,
  });
  const watch = new QueueWatch({
    settings: { targetDelaySeconds: 30, drainBacklogSeconds: 300 },
    queue: {
      counts() {
        calls.counts++;
        return world.read();
      },
    },
    fleet,
    counters,
    status,
    slotDemand(input) {
      world.demandedOf.push(input);
      return slotDemand(input);
    },
    clock,
    random,
  });
  const publisher = new MetricsPublisher({
    settings: { metricsNamespace: "Queuehand", metricsIntervalSeconds: 10 },
    queueName: "tasks",
    counters,
    status,
    watch,
    sink: {
      publish(publication) {
        calls.sink++;
        return world.publish(publication);
      },
    },
    clock,
    telemetry: (fact) => facts.push(fact),
    random,
  });
  const handle = (outcome: OutcomeKind, times = 1) => {
    for (let each = 0; each < times; each++) {
      counters.record({ kind: "started", delivery, inQueueMs: 500, bufferedMs: 0 });
      counters.record({ kind: "ended", delivery, outcome, agentMs: 2_000 });
      counters.record({ kind: "settled", delivery, outcome, agentMs: 2_000, certain: true });
    }
  };
  return { clock, counters, publisher, publications, facts, calls, world, handle };
}

/** The value of a metric that has one, or undefined where it wasn't published. */
function published(publication: Publication | undefined, name: string, outcome?: OutcomeKind): number | undefined {
  return publication?.metrics.find((metric) => metric.name === name && metric.outcome === outcome)?.values[0];
}

const sumOf = (publications: Publication[], name: string, outcome?: OutcomeKind) =>
  publications.reduce((sum, publication) => sum + (published(publication, name, outcome) ?? 0), 0);

describe("MetricsPublisher", () => {
  test.each([
    ["a rate", { startsPerSecond: 0.5, atOnce: Number.POSITIVE_INFINITY }, 100 / 0.5],
    ["runs at once", { startsPerSecond: 50, atOnce: 4 }, (100 * 2) / 4],
    ["more than the slots can use", { startsPerSecond: 50, atOnce: 100 }, (100 * 2) / 20],
    ["nothing", { startsPerSecond: Number.POSITIVE_INFINITY, atOnce: Number.POSITIVE_INFINITY }, (100 * 2) / 20],
  ])("tells how long a message waits behind a budget of %s", async (_, budgetLimits, seconds) => {
    const { clock, publisher, publications, world } = setup({ fleet: { desired: 2, running: 2 } });
    world.backlog = { visible: 100, inFlight: 20, delayed: 5 };
    world.status = { ...world.status, budgetLimits };
    publisher.start();
    await clock.advance(15_000);
    expect(published(publications[0], "QueueDelaySeconds")).toBeCloseTo(seconds);
    await publisher.stop(1_000);
  });

  test("publishes the queue's metrics and the task's own sums each interval", async () => {
    const { clock, publisher, publications, world, handle } = setup({ fleet: { desired: 2, running: 2 } });
    world.backlog = { visible: 100, inFlight: 20, delayed: 5 };
    world.status = { ...world.status, busy: 9 };
    publisher.start();
    await clock.advance(1_000);
    handle("done", 12);
    handle("retry");
    await clock.advance(14_000);
    expect(publications).toHaveLength(1);
    const [first] = publications;
    expect(first).toMatchObject({ namespace: "Queuehand", queueName: "tasks" });
    expect(published(first, "BacklogMessages")).toBe(125);
    expect(published(first, "BacklogPerTask")).toBe(62.5);
    expect(published(first, "QueueDelaySeconds")).toBeCloseTo((100 * 2) / 20);
    expect(published(first, "MessagesSettled", "done")).toBe(12);
    expect(published(first, "MessagesSettled", "retry")).toBe(1);
    expect(published(first, "MessagesSettled", "reject")).toBeUndefined();
    expect(published(first, "ReceiveErrors")).toBe(0);
    const metric = (name: string) => first?.metrics.find((each) => each.name === name);
    expect(metric("TimeInQueueSeconds")).toEqual({
      name: "TimeInQueueSeconds",
      unit: "Seconds",
      values: [0.5],
      counts: [13],
      resolution: 60,
    });
    expect(metric("AgentSeconds")).toMatchObject({ values: [2], counts: [13] });
    expect(metric("SlotDemand")).toMatchObject({ unit: "Percent", resolution: 1 });
    await publisher.stop(1_000);
  });

  test("hands the fleet's load to the definition of SlotDemand", async () => {
    const { clock, publisher, world, handle } = setup({ fleet: { desired: 4, running: 2 } });
    world.backlog = { visible: 1_000, inFlight: 18, delayed: 0 };
    world.status = { ...world.status, busy: 9 };
    publisher.start();
    await clock.advance(1_000);
    world.backlog = { visible: 1_300, inFlight: 18, delayed: 0 };
    handle("done", 50);
    await clock.advance(13_000);
    expect(world.demandedOf[0]).toEqual({
      busySlots: 18,
      arrivalsPerSecond: (300 + 2 * 50) / 8.875,
      meanAgentSeconds: 2,
      visible: 1_300,
      delayed: 0,
      targetDelaySeconds: 30,
      drainBacklogSeconds: 300,
      slotsOfDesiredTasks: 40,
    });
    await publisher.stop(1_000);
  });

  test("takes the mean of the interval for the busy slots, not the moment of the tick", async () => {
    const { clock, publisher, world } = setup({ fleet: { desired: 1, running: 1 } });
    publisher.start();
    for (let second = 0; second < 60; second++) {
      world.status = { ...world.status, busy: second % 4 === 0 ? 8 : 0 };
      await clock.advance(1_000);
    }
    for (const { busySlots } of world.demandedOf.slice(1)) {
      expect(busySlots).toBeGreaterThan(0);
      expect(busySlots).toBeLessThan(5);
    }
    await publisher.stop(1_000);
  });

  test("counts the messages in flight as busy slots where one task's slots are a poor sample", async () => {
    const { clock, publisher, world } = setup({ fleet: { desired: 100, running: 100 }, random: () => 0.01 });
    world.backlog = { visible: 0, inFlight: 700, delayed: 0 };
    world.status = { ...world.status, busy: 2, buffered: 1, settling: 1 };
    publisher.start();
    await clock.advance(30_000);
    expect(world.demandedOf.at(-1)).toMatchObject({ busySlots: 500 });
    await publisher.stop(1_000);
  });

  test("takes the time that all slots have been busy for the agents' time while none has ended", async () => {
    const { clock, publisher, world } = setup({ fleet: { desired: 1, running: 1 } });
    world.status = { ...world.status, busy: 10, meanAgentSeconds: 0 };
    publisher.start();
    await clock.advance(60_000);
    expect(world.demandedOf.at(-1)!.meanAgentSeconds).toBeGreaterThan(45);
    world.status = { ...world.status, meanAgentSeconds: 70 };
    await clock.advance(10_000);
    expect(world.demandedOf.at(-1)!.meanAgentSeconds).toBe(70);
    await publisher.stop(1_000);
  });

  test("comes just before each period of the wall clock ends, so that no period goes without", async () => {
    const { clock, publisher, publications } = setup({ fleet: { desired: 1, running: 1 } });
    publisher.start();
    await clock.advance(600_000);
    expect(publications).toHaveLength(60);
    expect(new Set(publications.map(({ at }) => at % 10_000))).toEqual(new Set([8_875]));
    await publisher.stop(1_000);
  });

  test("of a large fleet makes no call while the lot falls on others", async () => {
    const { clock, publisher, publications, calls, handle } = setup({
      fleet: { desired: 50, running: 50 },
      random: () => 0.5,
    });
    publisher.start();
    handle("done", 3);
    await clock.advance(55_000);
    expect({ ...calls, publications }).toEqual({ counts: 0, fleet: 1, sink: 0, publications: [] });
    await publisher.stop(1_000);
  });

  test("reads the queue twice, an interval apart, when the lot falls on it", async () => {
    let lots = [0.9, 0.9, 0.01, 0.9, 0.9];
    const { clock, publisher, publications, calls } = setup({
      fleet: { desired: 50, running: 50 },
      random: () => (lots.length > 1 ? lots.shift()! : lots[0]!),
    });
    lots = [0.5, 0.9, 0.01, 0.9];
    publisher.start();
    await clock.advance(45_000);
    expect(publications).toHaveLength(1);
    expect(published(publications[0], "SlotDemand")).toBe(0);
    expect(calls).toEqual({ counts: 2, fleet: 2, sink: 1 });
    await publisher.stop(1_000);
  });

  test("keeps what isn't published until it is, and publishes it alone after a quarter of an hour", async () => {
    const { clock, publisher, publications, handle } = setup({
      fleet: { desired: 5_000, running: 5_000 },
      random: () => 0.5,
    });
    publisher.start();
    for (let minute = 0; minute < 60; minute++) {
      handle("done", 7);
      await clock.advance(60_000);
    }
    expect(publications).toHaveLength(3);
    expect(publications.every((publication) => published(publication, "BacklogMessages") === undefined)).toBe(true);
    await publisher.stop(1_000);
    expect(sumOf(publications, "MessagesSettled", "done")).toBe(60 * 7);
  });

  test("flushes its sums at the stop, once, and leaves no timer", async () => {
    const { clock, publisher, publications, handle } = setup({ fleet: { desired: 1, running: 1 } });
    publisher.start();
    await clock.advance(30_000);
    const before = publications.length;
    handle("interrupted", 4);
    await publisher.stop(2_000);
    await publisher.stop(2_000);
    expect(publications).toHaveLength(before + 1);
    expect(published(publications.at(-1), "Interruptions")).toBe(4);
    expect(published(publications.at(-1), "SlotDemand")).toBeUndefined();
    await clock.advance(60_000);
    expect(publications).toHaveLength(before + 1);
    expect(clock.timers).toBe(0);
  });

  test("counts what was given back unstarted as an interruption, since it spent a receive too", async () => {
    const { publisher, publications, handle, counters } = setup({ fleet: { desired: 1, running: 1 } });
    publisher.start();
    handle("interrupted", 4);
    for (let i = 0; i < 3; i++) counters.record({ kind: "released", cause: "stop", delivery, reason: "draining" });
    await publisher.stop(2_000);
    expect(published(publications.at(-1), "Interruptions")).toBe(7);
    expect(published(publications.at(-1), "MessagesSettled", "interrupted")).toBe(4);
  });

  test("says nothing of the queue while it drains: its view is no longer the fleet's", async () => {
    const { clock, publisher, publications, world } = setup({ fleet: { desired: 0, running: 1 } });
    publisher.start();
    await clock.advance(20_000);
    const before = publications.length;
    world.status = { ...world.status, state: "draining" };
    await clock.advance(60_000);
    expect(publications).toHaveLength(before);
    await publisher.stop(1_000);
  });

  test("does nothing when stopped before the start", async () => {
    const { clock, publisher, publications, calls } = setup();
    await publisher.stop(1_000);
    publisher.start();
    await clock.advance(60_000);
    expect({ publications, calls, timers: clock.timers }).toEqual({
      publications: [],
      calls: { counts: 0, fleet: 0, sink: 0 },
      timers: 0,
    });
  });
});

describe("an exporter that is down", () => {
  test("loses nothing that it refused, and is told of once when it fails and once when it works again", async () => {
    const { clock, publisher, publications, facts, world, handle } = setup({ fleet: { desired: 1, running: 1 } });
    const { publish } = world;
    world.publish = () => Promise.reject(new Error("connect ECONNREFUSED"));
    publisher.start();
    for (let tick = 0; tick < 6; tick++) {
      handle("done", 10);
      await clock.advance(10_000);
    }
    expect(facts).toEqual([{ kind: "warning", text: "metrics can't be published", error: expect.any(Error) }]);
    world.publish = publish;
    await clock.advance(10_000);
    expect(sumOf(publications, "MessagesSettled", "done")).toBe(60);
    expect(facts.slice(1)).toEqual([{ kind: "warning", text: "metrics are published again" }]);
    await publisher.stop(1_000);
  });

  test("is not told twice what it may have taken without an answer", async () => {
    const { clock, publisher, publications, world, handle } = setup({ fleet: { desired: 1, running: 1 } });
    const { publish } = world;
    world.publish = (publication) => {
      publications.push(publication);
      return new Promise(() => {});
    };
    publisher.start();
    handle("done", 10);
    await clock.advance(60_000);
    world.publish = publish;
    await clock.advance(10_000);
    expect(sumOf(publications, "MessagesSettled", "done")).toBe(10);
    await publisher.stop(1_000);
  });

  test("doesn't hold up the stop, even when it never answers and heeds no signal", async () => {
    const { clock, publisher, world, handle } = setup({ fleet: { desired: 1, running: 1 } });
    world.publish = () => new Promise(() => {});
    publisher.start();
    await clock.advance(30_000);
    handle("done");
    let stopped = false;
    const stopping = publisher.stop(2_000).then(() => {
      stopped = true;
    });
    await clock.advance(1_999);
    expect(stopped).toBe(false);
    await clock.advance(1);
    expect(stopped).toBe(true);
    await stopping;
    await clock.advance(10_000);
    expect(clock.timers).toBe(0);
  });

  test("leaves the rest at work when only the queue's counts can't be read", async () => {
    const { clock, publisher, publications, facts, world } = setup({ fleet: { desired: 1, running: 1 } });
    world.read = () => new Promise(() => {});
    publisher.start();
    await clock.advance(60_000);
    expect(publications).toEqual([]);
    expect(facts).toHaveLength(1);
    world.read = async () => world.backlog;
    await clock.advance(30_000);
    expect(published(publications.at(-1), "SlotDemand")).toBe(0);
    await publisher.stop(1_000);
  });
});
