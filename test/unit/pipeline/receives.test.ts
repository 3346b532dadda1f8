import { describe, expect, jest, test } from "@jest/globals";
import { Ledger } from "../../../src/pipeline/budget/ledger.js";
import { LeaseTable } from "../../../src/pipeline/lease/lease-table.js";
import { Pipeline } from "../../../src/pipeline/pipeline.js";
import { leasesFor } from "../../../src/pipeline/poll/room.js";
import { sleep } from "../../../src/pipeline/ports/clock.js";
import { Defer } from "../../../src/pipeline/ports/outcome.js";
import type { Fact } from "../../../src/pipeline/ports/telemetry.js";
import { FakeClock } from "../../support/fake-clock.js";
import { MemoryIdempotency } from "../../support/memory-idempotency.js";
import { MemoryQueue } from "../../support/memory-queue.js";
import { type WorkerBundle, workerBundle } from "../../support/worker-bundle.js";

const MINUTE_MS = 60_000;

/** Ids of the dead letters that no agent saw. */
function deadUnseen({ queue, of }: WorkerBundle): string[] {
  const seen = new Set(of("started").map(({ delivery }) => delivery.messageId));
  return queue.deadLetters.map(({ id }) => id).filter((id) => !seen.has(id));
}

const tells = (maxReceiveCount: number) => ({ maxReceiveCount, tellsMaxReceiveCount: true });

describe("a receive is spent for a run", () => {
  test("where slow messages come behind quick ones", async () => {
    const bundle = workerBundle({
      agent: async ({ body }) => sleep(bundle.clock, body as number),
      env: { CONCURRENCY: "2", VISIBILITY_TIMEOUT: "60" },
      queue: tells(5),
    });
    const { clock, queue, start, stopped, of } = bundle;
    for (let n = 0; n < 100; n++) queue.send("20");
    void start();
    await clock.advance(3_000);
    for (let n = 0; n < 12; n++) queue.send("75000");
    await clock.advance(12 * MINUTE_MS);
    expect(queue.deleted).toHaveLength(112);
    expect(of("started").every(({ delivery }) => delivery.receiveCount === 1)).toBe(true);
    await stopped();
  });

  test.each([
    [60, 5, "1,30"],
    [15, 5, "1,30"],
    [8, 5, "1,30"],
    [60, 3, "1,5"],
    [60, 2, "1,30"],
    [200, 5, undefined],
  ])(
    "in an outage that lasts ten minutes: %i messages, maxReceiveCount %i, back-off %s",
    async (messages, max, backOff) => {
      let down = true;
      const bundle = workerBundle({
        agent: async () => {
          await sleep(bundle.clock, 20);
          if (down) throw new Error("the dependency is down");
        },
        env: { VISIBILITY_TIMEOUT: "30", ...(backOff && { RETRY_BACKOFF_SECONDS: backOff }) },
        queue: tells(max),
      });
      const { clock, queue, start, stopped } = bundle;
      for (let n = 0; n < messages; n++) queue.send(String(n));
      void start();
      await clock.advance(10 * MINUTE_MS);
      expect(queue.deadLetters).toEqual([]);
      down = false;
      await clock.advance(10 * MINUTE_MS);
      expect(queue.deleted).toHaveLength(messages);
      await stopped();
      expect(clock.timers).toBe(0);
    },
  );

  test("by messages that wait for the dependency: a wait costs none, and as many are fetched as can wait here", async () => {
    let down = true;
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: () => {
        if (down) throw new Defer(1, "the provider is busy");
      },
      env: { CONCURRENCY: "2" },
      queue: tells(5),
    });
    for (let n = 0; n < 400; n++) queue.send(String(n));
    void start();
    await clock.advance(2 * MINUTE_MS);
    expect(of("received").reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(150);
    down = false;
    await clock.advance(2 * MINUTE_MS);
    expect(queue.deleted).toHaveLength(400);
    expect(of("started").every(({ delivery }) => delivery.receiveCount === 1)).toBe(true);
    await stopped();
  });

  test("and what waits for hours leaves room for others", async () => {
    let done = 0;
    const { clock, queue, worker, start, stopped, of } = workerBundle({
      agent: ({ raw }) => {
        if (raw === "waits") throw new Defer(7_200, "in the evening");
        done++;
      },
      env: { CONCURRENCY: "1" },
      queue: tells(5),
    });
    for (let n = 0; n < 300; n++) queue.send(n % 3 === 0 ? "healthy" : "waits");
    void start();
    await clock.advance(10 * MINUTE_MS);
    expect(done).toBe(100);
    expect(of("breaker")).toEqual([]);
    expect(queue.deadLetters).toEqual([]);
    expect(worker.status().heldBack).toBeGreaterThanOrEqual(55);
    await stopped();
  });

  test("and groups whose heads wait for hours leave room for others", async () => {
    let done = 0;
    const bundle = workerBundle({
      agent: async ({ raw }) => {
        await sleep(bundle.clock, 20);
        if (raw === "waits") throw new Defer(7_200, "in the evening");
        done++;
      },
      env: { CONCURRENCY: "1" },
      queue: { ...tells(5), fifo: true },
    });
    const { clock, queue, start, stopped } = bundle;
    void start();
    for (let n = 0; n < 50; n++) queue.send("healthy", { groupId: `before ${n}` });
    await clock.advance(10_000);
    for (let group = 0; group < 4; group++) {
      queue.send("waits", { groupId: `waits ${group}` });
      for (let n = 0; n < 9; n++) queue.send("healthy", { groupId: `waits ${group}` });
    }
    for (let n = 0; n < 20; n++) queue.send("healthy", { groupId: `after ${n}` });
    await clock.advance(MINUTE_MS);
    expect(done).toBe(70);
    await stopped();
  });

  test("also at a stop: what is in hand is worked off where the pace says that it ends in time", async () => {
    const bundle = workerBundle({
      agent: async () => sleep(bundle.clock, 100),
      env: { CONCURRENCY: "4" },
      queue: tells(3),
    });
    const { clock, queue, start, stopped, of, worker } = bundle;
    for (let n = 0; n < 500; n++) queue.send(String(n));
    void start();
    await clock.advance(3_000);
    expect(worker.status().buffered).toBeGreaterThan(10);
    expect((await stopped()).exitCode).toBe(0);
    const received = of("received").reduce((sum, { count }) => sum + count, 0);
    expect(queue.deleted).toHaveLength(received);
    expect(of("released")).toEqual([]);
  });

  test("at a stop gives back what doesn't fit into half of the budget, those with the fewest receives", async () => {
    const runs: string[] = [];
    const bundle = workerBundle({
      agent: async ({ id }) => {
        runs.push(id);
        await sleep(bundle.clock, 1_000);
      },
      env: { CONCURRENCY: "10", SHUTDOWN_TIMEOUT_SECONDS: "6", POLL_INTERVAL_SECONDS: "1" },
    });
    const { clock, queue, start, worker, of } = bundle;
    for (let n = 0; n < 40; n++) queue.send(String(n));
    const run = start();
    await clock.advance(2_500);
    queue.failNext("receive", { extra: 100 });
    for (let n = 0; n < 60; n++) queue.send(String(n));
    await clock.advance(1_200);
    void worker.stop();
    const before = runs.length;
    await clock.advance(10_000);
    expect((await run).exitCode).toBe(0);
    expect(runs.length).toBeGreaterThan(before);
    const stops = of("released").filter(({ cause }) => cause === "stop");
    expect(stops.length).toBeGreaterThan(0);
    expect(queue.visible()).toBe(100 - queue.deleted.length);
  });

  test("where each receive counts: nothing is fetched without a free slot, and a stop lets run what is here", async () => {
    const bundle = workerBundle({
      agent: async () => sleep(bundle.clock, 100),
      env: { CONCURRENCY: "3" },
      queue: tells(1),
    });
    const { clock, queue, start, stopped, worker, of } = bundle;
    for (let n = 0; n < 300; n++) queue.send(String(n));
    void start();
    for (let n = 0; n < 50; n++) {
      await clock.advance(77);
      expect(worker.status().buffered).toBe(0);
    }
    await stopped();
    expect(of("released")).toEqual([]);
    expect(queue.deadLetters).toEqual([]);
  });

  test("never on a lease that was over while the process was frozen", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      env: { VISIBILITY_TIMEOUT: "15", CONCURRENCY: "1" },
    });
    void start();
    await clock.advance(5_000);
    // Frozen while its long poll is answered: the answer is read only when it wakes.
    queue.send("x");
    clock.freeze(18_000);
    await clock.advance(100);
    const [expired] = of("settled");
    expect(expired).toMatchObject({ outcome: "leaseLost", withoutRun: "expired" });
    expect(of("started")).toHaveLength(0);
    await clock.advance(20_000);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });
});

describe("while the breaker is open", () => {
  test("trial messages run beside an agent that began before", async () => {
    // What failed comes again after nine minutes: none of it is to be tried here a second time.
    const jitter = jest.spyOn(Math, "random").mockReturnValue(0.9);
    const bundle = workerBundle({
      agent: async ({ body }) => {
        if (body === "fails") throw new Error("no");
        await sleep(bundle.clock, body as number);
      },
      env: { RETRY_BACKOFF_SECONDS: "600,600" },
      queue: tells(9),
    });
    const { clock, queue, start, stopped, of } = bundle;
    void start();
    queue.send("90000");
    await clock.advance(1_500);
    for (let n = 0; n < 60; n++) queue.send("fails");
    await clock.advance(4_000);
    expect(of("breaker")).toMatchObject([{ open: true }]);
    for (let n = 0; n < 20; n++) queue.send("20");
    await clock.advance(5_000);
    expect(queue.deleted.length).toBeGreaterThan(0);
    await clock.advance(5_000);
    expect(queue.deleted).toHaveLength(20);
    expect(of("breaker").at(-1)).toMatchObject({ open: false });
    jitter.mockRestore();
    await stopped();
  });

  test("deferred messages heed its pauses", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: () => {
        throw new Defer(0, "no such program");
      },
      env: { CONCURRENCY: "5" },
    });
    for (let n = 0; n < 100; n++) queue.send(String(n));
    void start();
    await clock.advance(60_000);
    const before = of("ended").length;
    await clock.advance(300_000);
    expect(of("ended").length - before).toBeLessThanOrEqual(12);
    await stopped();
    expect(clock.timers).toBe(0);
  });

  test("messages that are deferred again and again don't keep the others out", async () => {
    let done = 0;
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: ({ raw }) => {
        if (raw === "waits") throw new Defer(1, "this customer is locked");
        done++;
      },
      env: { CONCURRENCY: "10" },
      queue: tells(5),
    });
    for (let n = 0; n < 20; n++) queue.send("waits");
    void start();
    await clock.advance(30_000);
    expect(of("breaker")).toMatchObject([{ open: true }]);
    for (let n = 0; n < 20; n++) queue.send("healthy");
    await clock.advance(60_000);
    expect(done).toBe(20);
    await stopped();
  });

  test("heads of groups that always fail don't keep their followers waiting: some of these tell that it is no outage", async () => {
    const bundle = workerBundle({
      agent: async ({ raw }) => {
        await sleep(bundle.clock, 50);
        if (raw === "bad") throw new Error("always");
      },
      env: { RETRY_BACKOFF_SECONDS: "1,5" },
      queue: { ...tells(5), fifo: true },
    });
    const { clock, queue, start, stopped } = bundle;
    for (let group = 0; group < 6; group++) {
      for (const body of ["bad", "good", "good"]) queue.send(body, { groupId: String(group) });
    }
    void start();
    await clock.advance(2 * MINUTE_MS);
    expect(queue.deleted.filter(({ body }) => body === "good")).toHaveLength(12);
    expect(queue.deadLetters.map(({ body }) => body)).toEqual(Array(6).fill("bad"));
    await stopped();
  });

  test("few heads of groups become dead letters of an outage, and none that has no followers", async () => {
    let down = true;
    const bundle = workerBundle({
      agent: async () => {
        await sleep(bundle.clock, 50);
        if (down) throw new Error("the database is down");
      },
      env: { RETRY_BACKOFF_SECONDS: "1,5" },
      queue: { ...tells(5), fifo: true },
    });
    const { clock, queue, start, stopped } = bundle;
    for (let n = 0; n < 60; n++)
      queue.send(n < 30 ? "alone" : "grouped", { groupId: String(n < 30 ? n : 30 + (n % 6)) });
    void start();
    await clock.advance(10 * MINUTE_MS);
    expect(queue.deadLetters.length).toBeLessThanOrEqual(3);
    expect(queue.deadLetters.filter(({ body }) => body === "alone")).toEqual([]);
    down = false;
    await clock.advance(5 * MINUTE_MS);
    expect(queue.ids()).toEqual([]);
    await stopped();
  });

  test("a message with its last receives waits under its lease, and becomes a dead letter only after further failures", async () => {
    let down = true;
    const bundle = workerBundle({
      agent: ({ raw }) => {
        if (down || raw === "poison") throw new Error("no");
      },
      env: { RETRY_BACKOFF_SECONDS: "1,1" },
      queue: tells(3),
    });
    const { clock, queue, start, stopped, of } = bundle;
    queue.send("poison");
    for (let n = 0; n < 20; n++) queue.send("good");
    void start();
    await clock.advance(5 * MINUTE_MS);
    expect(queue.deadLetters).toEqual([]);
    expect(of("retriedHere").length).toBeGreaterThan(0);
    down = false;
    await clock.advance(5 * MINUTE_MS);
    expect(queue.deleted.filter(({ body }) => body === "good")).toHaveLength(20);
    expect(queue.deadLetters.map(({ body }) => body)).toEqual(["poison"]);
    await stopped();
    expect(deadUnseen(bundle)).toEqual([]);
  });
});

describe("a message that is deferred for no time at all", () => {
  test("runs once a second at most", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      agent: () => {
        throw new Defer(0);
      },
    });
    queue.send("x");
    void start();
    await clock.advance(40_000);
    expect(of("started").length).toBeGreaterThan(30);
    expect(of("started").length).toBeLessThanOrEqual(41);
    await stopped();
  });
});

describe("a stop", () => {
  test("says what it waits for", async () => {
    const bundle = workerBundle({ agent: async () => sleep(bundle.clock, 30_000) });
    const { clock, queue, start, stopped, of } = bundle;
    queue.send("x");
    void start();
    await clock.advance(5_000);
    await stopped();
    expect(of("draining")).toMatchObject([{ running: 1, unstarted: 0, openPolls: 1, budgetMs: 110_000 }]);
    expect(of("draining")[0]!.pollsMs).toBeLessThanOrEqual(20_000);
  });
});

describe("a deferred message with its last receive", () => {
  test("runs again before a stop's time is over, since given back it would be a dead letter", async () => {
    let down = true;
    const { clock, queue, start, worker, of } = workerBundle({
      agent: () => {
        if (down) throw new Defer(5, "the provider is busy");
      },
      queue: tells(1),
    });
    queue.send("x");
    const run = start();
    await clock.advance(2_000);
    void worker.stop();
    await clock.advance(12_000);
    down = false;
    await clock.advance(20_000);
    expect((await run).exitCode).toBe(0);
    expect(queue.deleted).toHaveLength(1);
    expect(queue.deadLetters).toEqual([]);
    expect(of("draining")).toMatchObject([{ running: 0, unstarted: 1 }]);
    expect(clock.timers).toBe(0);
  });

  test("goes back when half of the stop's time is over", async () => {
    const { clock, queue, start, worker } = workerBundle({
      agent: () => {
        throw new Defer(5, "the provider is busy");
      },
      queue: tells(1),
    });
    queue.send("x");
    const run = start();
    await clock.advance(2_000);
    void worker.stop();
    await clock.advance(60_000);
    expect((await run).exitCode).toBe(0);
    expect(queue.ids()).toEqual(["message-1"]);
    expect(clock.timers).toBe(0);
  });
});

describe("what waits for a slot for too long", () => {
  function pipelineBundle(maxReceiveCount: number) {
    const clock = new FakeClock();
    const queue = new MemoryQueue({ clock, visibilityTimeoutSeconds: 60, ...tells(maxReceiveCount) });
    const facts: Fact[] = [];
    let ms = 10;
    const pipeline = new Pipeline({
      queue,
      handler: { run: async () => sleep(clock, ms).then(() => ({ kind: "done" })) },
      leases: new LeaseTable(leasesFor(2)),
      clock,
      telemetry: (fact) => facts.push(fact),
      ledger: new Ledger({ clock }),
      slots: 2,
      fifo: false,
      maxMessages: 10,
      pollIntervalSeconds: 20,
      visibilityTimeoutSeconds: 60,
      handlerTimeoutSeconds: 600,
      retryBackoff: undefined,
      logBodies: false,
      othersAtWork: () => true,
      onFatal: () => {},
    });
    for (let n = 0; n < 400; n++) queue.send(String(n));
    const released = () =>
      facts.filter((fact) => fact.kind === "released").map(({ delivery, cause }) => [delivery.receiveCount, cause]);
    return { clock, pipeline, released, becomeSlow: () => (ms = 300_000) };
  }

  test("is given back once where others are at work", async () => {
    const { clock, pipeline, released, becomeSlow } = pipelineBundle(5);
    pipeline.start();
    await clock.advance(200);
    becomeSlow();
    await clock.advance(20_000);
    expect(released().length).toBeGreaterThan(10);
    expect(released().every(([count, cause]) => count === 1 && cause === "late")).toBe(true);
    const before = released().length;
    await clock.advance(20_000);
    expect(released()).toHaveLength(before);
  });

  test("is kept where it has few receives left", async () => {
    const { clock, pipeline, released, becomeSlow } = pipelineBundle(2);
    pipeline.start();
    await clock.advance(200);
    becomeSlow();
    await clock.advance(40_000);
    expect(released()).toEqual([]);
  });
});

describe("duplicates of a key whose first run goes on", () => {
  test("say nothing of the agent: the breaker stays closed, and healthy messages run at once", async () => {
    const bundle = workerBundle({
      agent: async ({ body }) => sleep(bundle.clock, (body as { ms: number }).ms),
      env: { IDEMPOTENCY_KEY: "body:/key", HANDLER_TIMEOUT_SECONDS: "900" },
      idempotencyTable: new MemoryIdempotency(),
      queue: tells(5),
    });
    const { clock, queue, start, stopped, of } = bundle;
    void start();
    for (let n = 0; n < 9; n++) queue.send(JSON.stringify({ key: "long", ms: 240_000 }));
    await clock.advance(1_000);
    const healthy = new Set<string>();
    for (let n = 0; n < 100; n++) {
      healthy.add(queue.send(JSON.stringify({ key: `healthy ${n}`, ms: 20 })));
      await clock.advance(2_000);
    }
    expect(of("repeated").length).toBeGreaterThan(100);
    expect(of("breaker")).toEqual([]);
    expect(queue.deleted).toHaveLength(100);
    const starts = of("started").filter(({ delivery }) => healthy.has(delivery.messageId));
    expect(starts).toHaveLength(100);
    expect(starts.every(({ inQueueMs }) => inQueueMs! < 1_000)).toBe(true);
    await clock.advance(60_000);
    expect(queue.deleted).toHaveLength(109);
    expect(queue.deadLetters).toEqual([]);
    await stopped();
  });
});
