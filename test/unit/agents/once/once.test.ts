import { describe, expect, test } from "@jest/globals";
import type { AgentFunction } from "../../../../src/agents/define-handler.js";
import { Reject } from "../../../../src/pipeline/ports/outcome.js";
import { MemoryIdempotency } from "../../../support/memory-idempotency.js";
import { type WorkerBundleOptions, workerBundle } from "../../../support/worker-bundle.js";

/** Agents that last for a while on the clock of the test, and what they did. */
function setup({ env = {}, ...options }: WorkerBundleOptions = {}, ms = 1_000) {
  const table = new MemoryIdempotency();
  const runs: { readonly id: string; readonly key: string | undefined; readonly fence: number | undefined }[] = [];
  const agent: AgentFunction = async ({ id }, { idempotency }) => {
    runs.push({ id, key: idempotency?.key, fence: idempotency?.fence });
    await new Promise<void>((resolve) => bundle.clock.setTimer(resolve, ms));
  };
  const bundle = workerBundle({
    agent,
    idempotencyTable: table,
    env: { IDEMPOTENCY_KEY: "body:/order", VISIBILITY_TIMEOUT: "60", POLL_INTERVAL_SECONDS: "1", ...env },
    ...options,
  });
  const operations = () => table.calls.map(({ operation }) => operation).filter((operation) => operation !== "check");
  const found = () => bundle.of("repeated").map((fact) => fact.found);
  const order = (n: number, more: object = {}) => JSON.stringify({ order: n, ...more });
  void bundle.start();
  return { ...bundle, table, runs, operations, found, order };
}

describe("with an idempotency table", () => {
  test("a message takes two calls, and its agent gets its key and fence", async () => {
    const { queue, clock, runs, operations, order, table, stopped } = setup();
    queue.send(order(7));
    await clock.advance(3_000);
    expect(runs).toEqual([{ id: expect.any(String), key: "7", fence: 1 }]);
    expect(operations()).toEqual(["claim", "complete"]);
    expect([...table.items.keys()]).toEqual(["tasks/7"]);
    expect(queue.deleted).toHaveLength(1);
    expect((await stopped()).exitCode).toBe(0);
    expect(table.closed).toBe(true);
    expect(clock.timers).toBe(0);
  });

  test("a duplicate that comes later is acknowledged without a run, and here without a call", async () => {
    const { queue, clock, runs, operations, order, found, stopped } = setup();
    queue.send(order(7));
    await clock.advance(3_000);
    for (let n = 0; n < 5; n++) queue.send(order(7));
    await clock.advance(3_000);
    expect(queue.deleted).toHaveLength(6);
    expect([runs.length, operations()]).toEqual([1, ["claim", "complete"]]);
    expect(found()).toEqual(Array(5).fill("finished"));
    await stopped();
  });

  test("another worker asks the table once, and doesn't run it either", async () => {
    const { queue, clock, order, table, stopped } = setup();
    queue.send(order(7));
    await clock.advance(3_000);
    await stopped();
    table.calls.length = 0;
    let ran = 0;
    const other = workerBundle({
      agent: () => void ran++,
      idempotencyTable: table,
      env: { IDEMPOTENCY_KEY: "body:/order" },
    });
    void other.start();
    other.queue.send(order(7));
    await other.clock.advance(3_000);
    expect([ran, other.queue.deleted.length]).toEqual([0, 1]);
    expect(table.calls.map(({ operation }) => operation)).toEqual(["check", "claim"]);
    await other.stopped();
  });

  test("a duplicate of what is at work waits without a run, a slot or a call", async () => {
    const { queue, clock, runs, operations, order, found, of, stopped } = setup({}, 12_000);
    queue.send(order(7));
    queue.send(order(7));
    await clock.advance(4_000);
    expect(of("deferred")).toMatchObject([{ afterSeconds: 5, reason: "another run holds the message's key" }]);
    await clock.advance(20_000);
    expect([runs.length, queue.deleted.length]).toEqual([1, 2]);
    expect(operations()).toEqual(["claim", "complete"]);
    expect(found()).toEqual(["held", "held", "held", "finished"]);
    await stopped();
  });

  test("a duplicate whose first is at work elsewhere is done soon after it, for the two calls that it takes anyway", async () => {
    const { queue, clock, table, runs, operations, order, of, stopped } = setup({ queue: { fifo: true } });
    const { hash } = await import("node:crypto");
    const payloadHash = hash("sha256", order(7), "base64url");
    const now = clock.wall();
    await table.claim({ key: "tasks.fifo/7", owner: "elsewhere", payloadHash, now, leaseMs: 60_000 });
    table.calls.length = 0;
    queue.send(order(7), { groupId: "g" });
    queue.send(order(8), { groupId: "g" });
    await clock.advance(2_000);
    expect(of("deferred")).toMatchObject([{ afterSeconds: 5 }]);
    await table.complete({ key: "tasks.fifo/7", owner: "elsewhere", fence: 1 }, now);
    table.calls.length = 0;
    await clock.advance(6_000);
    // The follower of its group hasn't waited for the lease's end either.
    expect([runs.map(({ key }) => key), queue.deleted.length]).toEqual([["8"], 2]);
    expect(operations()).toEqual(["claim", "claim", "complete"]);
    await stopped();
  });

  test("the same key with another payload is rejected", async () => {
    const { queue, clock, runs, order, stopped } = setup();
    queue.send(order(7, { cents: 100 }));
    await clock.advance(3_000);
    queue.send(order(7, { cents: 999 }));
    await clock.advance(3_000);
    expect(runs).toHaveLength(1);
    expect(queue.deadLetters).toMatchObject([{ reason: "the idempotency key was used with another payload" }]);
    await stopped();
  });

  test("a message without its key is rejected", async () => {
    const { queue, clock, runs, operations, stopped } = setup();
    queue.send('{"orders":7}');
    await clock.advance(3_000);
    expect([runs, operations()]).toEqual([[], []]);
    expect(queue.deadLetters).toMatchObject([
      { reason: "no idempotency key: /order in the body is no string and no safe number" },
    ]);
    await stopped();
  });

  test("a failed run leaves its key free: the next has a higher fence", async () => {
    const fences: unknown[] = [];
    const { queue, clock, operations, order, stopped } = setup({
      agent: (_, { idempotency }) => {
        fences.push(idempotency?.fence);
        if (fences.length < 3) throw new Error("not yet");
      },
      env: { RETRY_BACKOFF_SECONDS: "1,1" },
    });
    queue.send(order(7));
    await clock.advance(10_000);
    expect(fences).toEqual([1, 2, 3]);
    expect(operations()).toEqual(["claim", "release", "claim", "release", "claim", "complete"]);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("a rejected message may come back mended", async () => {
    const { queue, clock, order, stopped } = setup({
      agent: ({ body }) => {
        if (!(body as { cents?: number }).cents) throw new Reject("no amount");
      },
    });
    queue.send(order(7));
    await clock.advance(3_000);
    expect(queue.deadLetters).toHaveLength(1);
    queue.send(order(7, { cents: 100 }));
    await clock.advance(3_000);
    expect([queue.deadLetters.length, queue.deleted.length]).toEqual([1, 2]);
    await stopped();
  });

  test("the claim of a dead owner is taken over when its lease has ended, with the next fence", async () => {
    const { queue, clock, table, runs, order, of, stopped } = setup();
    table.items.set("tasks/7", {
      state: "running",
      owner: "dead",
      fence: 4,
      leaseUntil: clock.wall() + 40_000,
      payloadHash: "of somebody's",
      expiresAt: clock.wall() / 1000 + 1e6,
    });
    // The same payload, which only its hash says.
    const { hash } = await import("node:crypto");
    table.items.get("tasks/7")!.payloadHash = hash("sha256", order(7), "base64url");
    queue.send(order(7));
    await clock.advance(41_000);
    expect(runs).toEqual([]);
    // One early look, then at the lease's end.
    expect(of("deferred")).toMatchObject([{ afterSeconds: 5 }, { afterSeconds: 37 }]);
    await clock.advance(5_000);
    expect(runs).toMatchObject([{ key: "7", fence: 5 }]);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("a long run keeps its claim, at half its lease", async () => {
    const { queue, clock, operations, order, table, stopped } = setup({}, 100_000);
    queue.send(order(7));
    for (let s = 0; s < 95; s++) {
      await clock.advance(1_000);
      expect(table.items.get("tasks/7")!.leaseUntil).toBeGreaterThan(clock.wall());
    }
    await clock.advance(10_000);
    expect(operations()).toEqual(["claim", "renew", "renew", "renew", "complete"]);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("a wall clock that jumps moves no lease", async () => {
    const { queue, clock, operations, order, table, runs, stopped } = setup({}, 100_000);
    queue.send(order(7));
    await clock.advance(1_000);
    const { leaseUntil } = table.items.get("tasks/7")!;
    clock.jumpWall(3_600_000);
    await clock.advance(31_000);
    expect(table.items.get("tasks/7")!.leaseUntil - leaseUntil).toBeLessThan(35_000);
    expect(table.items.get("tasks/7")!.leaseUntil).toBeGreaterThan(leaseUntil);
    queue.send(order(7));
    await clock.advance(75_000);
    expect(runs).toHaveLength(1);
    expect(operations()).toEqual(["claim", "renew", "renew", "renew", "complete"]);
    await stopped();
  });
});

describe("a run whose key was taken over", () => {
  function takenOver(agent: AgentFunction) {
    const bundle = setup({ agent });
    const take = () => {
      const item = bundle.table.items.get("tasks/7")!;
      bundle.table.items.set("tasks/7", { ...item, owner: "other", fence: item.fence + 1 });
    };
    return { ...bundle, take };
  }

  test("is told by its signal, and its end is no success", async () => {
    const reasons: unknown[] = [];
    const { queue, clock, order, take, found, stopped } = takenOver(async (_, { signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      reasons.push((signal.reason as Error).cause);
    });
    queue.send(order(7));
    await clock.advance(1_000);
    take();
    await clock.advance(40_000);
    expect(reasons).toEqual(["lease lost"]);
    expect(found()).toContain("late");
    expect(queue.deleted).toEqual([]);
    await stopped();
  });

  test("that ends well in spite of it is discarded; what the other makes of the key counts", async () => {
    let runs = 0;
    const bundle = takenOver(async () => {
      runs++;
      await new Promise<void>((resolve) => bundle.clock.setTimer(resolve, 20_000));
    });
    const { queue, clock, order, take, table, found, stopped } = bundle;
    queue.send(order(7));
    await clock.advance(1_000);
    take();
    await clock.advance(21_000);
    expect(found()).toContain("late");
    expect(queue.deleted).toEqual([]);
    table.items.get("tasks/7")!.state = "finished";
    await clock.advance(60_000);
    expect([runs, queue.deleted.length]).toEqual([1, 1]);
    await stopped();
  });
});

describe("while the table is down", () => {
  test("closed: messages wait without a run, and run when it is back", async () => {
    const { queue, clock, table, runs, order, of, stopped } = setup();
    table.down = true;
    queue.send(order(7));
    await clock.advance(60_000);
    expect(runs).toEqual([]);
    expect(of("deferred")[0]).toMatchObject({ reason: "the idempotency table doesn't answer" });
    expect(of("warning").map(({ text }) => text)).toEqual([
      "the idempotency table doesn't answer: messages wait until it does",
    ]);
    table.down = false;
    await clock.advance(120_000);
    expect([runs.length, queue.deleted.length]).toEqual([1, 1]);
    expect(of("warning").at(-1)!.text).toBe("the idempotency table answers again");
    await stopped();
  });

  test("open: agents run unguarded, with fence 0", async () => {
    const { queue, clock, table, runs, order, stopped } = setup({ env: { IDEMPOTENCY_ON_ERROR: "open" } });
    table.down = true;
    queue.send(order(7));
    await clock.advance(3_000);
    expect(runs).toMatchObject([{ key: "7", fence: 0 }]);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("closed: a result waits for the table, and not its agent a second time", async () => {
    const { queue, clock, table, runs, order, stopped } = setup();
    queue.send(order(7));
    await clock.advance(100);
    table.down = true;
    await clock.advance(30_000);
    expect([runs.length, queue.deleted.length]).toEqual([1, 0]);
    table.down = false;
    await clock.advance(60_000);
    expect([runs.length, queue.deleted.length]).toEqual([1, 1]);
    expect(table.items.get("tasks/7")).toMatchObject({ state: "finished", fence: 1 });
    await stopped();
  });

  test("open: a result that can't be recorded deletes its message all the same", async () => {
    const { queue, clock, table, order, stopped } = setup({ env: { IDEMPOTENCY_ON_ERROR: "open" } });
    queue.send(order(7));
    await clock.advance(100);
    table.down = true;
    await clock.advance(30_000);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("closed: a run whose claim can't be renewed is aborted before its lease ends", async () => {
    let abortedAt = 0;
    const { queue, clock, table, order, stopped } = setup({
      agent: (_, { signal }) =>
        new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => {
            abortedAt ||= clock.wall();
            resolve();
          }),
        ),
    });
    queue.send(order(7));
    await clock.advance(100);
    table.down = true;
    const { leaseUntil } = table.items.get("tasks/7")!;
    await clock.advance(70_000);
    expect(abortedAt).toBeGreaterThan(leaseUntil - 10_000);
    expect(abortedAt).toBeLessThan(leaseUntil);
    table.down = false;
    await stopped();
  });

  test("open: a run whose claim can't be renewed goes on, and holds its key again once the table is back", async () => {
    const { queue, clock, table, runs, order, of, stopped } = setup({ env: { IDEMPOTENCY_ON_ERROR: "open" } }, 150_000);
    queue.send(order(7));
    await clock.advance(100);
    table.down = true;
    await clock.advance(90_000);
    expect(table.items.get("tasks/7")!.leaseUntil).toBeLessThan(clock.wall());
    table.down = false;
    await clock.advance(5_000);
    expect(table.items.get("tasks/7")!.leaseUntil).toBeGreaterThan(clock.wall());
    await clock.advance(70_000);
    expect([runs.length, queue.deleted.length]).toEqual([1, 1]);
    expect(of("warning").map(({ text }) => text)).toEqual([
      "the idempotency table doesn't renew claims: agents run on, and others may begin with their keys",
      "the idempotency table renews claims again",
    ]);
    await stopped();
  });

  test("an answer that got lost costs no lease: the same message claims again under the same name", async () => {
    const { queue, clock, table, runs, order, stopped } = setup();
    table.failNext("claim", "lost");
    table.failNext("complete", "lost");
    queue.send(order(7));
    await clock.advance(40_000);
    expect(runs).toMatchObject([{ fence: 2 }]);
    expect(queue.deleted).toHaveLength(1);
    await stopped();
  });

  test("a table that isn't there stops the start", async () => {
    const { start, table } = (() => {
      const table = new MemoryIdempotency();
      table.failNext("check", "unusable");
      return { ...workerBundle({ idempotencyTable: table }), table };
    })();
    await expect(start()).rejects.toMatchObject({ name: "TableError", kind: "unusable" });
    expect(table.closed).toBe(true);
  });
});

describe("a stop", () => {
  test("gives back the key of a run that gave up, so that the next doesn't wait for a lease", async () => {
    const { queue, clock, table, order, stopped, of } = setup({
      agent: (_, { signal }) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
    });
    queue.send(order(7));
    await clock.advance(1_000);
    await stopped();
    expect(of("settled")).toMatchObject([{ outcome: "interrupted" }]);
    expect(queue.deleted).toEqual([]);
    expect(table.items.get("tasks/7")).toMatchObject({ state: "running", leaseUntil: 0 });
  });
});
