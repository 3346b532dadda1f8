import { describe, expect, test } from "@jest/globals";
import { Defer, Reject } from "../../../../src/pipeline/ports/outcome.js";
import { workerBundle } from "../../../support/worker-bundle.js";

describe("the breaker", () => {
  test("lets one message at a time through when most agents fail, and all of them when they succeed again", async () => {
    let broken = true;
    let running = 0;
    const together: number[] = [];
    const { clock, queue, start, stopped, of } = workerBundle({
      env: { CONCURRENCY: "8", RETRY_BACKOFF_SECONDS: "1,1" },
      agent: async () => {
        together.push(++running);
        await new Promise<void>((resolve) => void clock.setTimer(resolve, 200));
        running--;
        if (broken) throw new Error("broken");
      },
    });
    for (let n = 0; n < 60; n++) queue.send(String(n));
    void start();
    while (of("breaker").length === 0) await clock.advance(500);
    expect(of("breaker")[0]).toMatchObject({ open: true, of: 20 });
    await clock.advance(3_000);
    together.length = 0;
    await clock.advance(180_000);
    expect(together.length).toBeGreaterThan(5);
    expect(Math.max(...together)).toBe(1);

    broken = false;
    await clock.advance(40_000);
    expect(of("breaker").map(({ open }) => open)).toEqual([true, false]);
    await clock.advance(30_000);
    expect(Math.max(...together)).toBeGreaterThan(1);
    expect(queue.deleted).toHaveLength(60);
    await stopped();
  });

  test("stays closed while fewer than four of five fail", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      env: { RETRY_BACKOFF_SECONDS: "1,1" },
      agent: ({ body }) => {
        if ((body as number) % 4 !== 0) throw new Error("failed");
      },
      queue: { maxReceiveCount: 1 },
    });
    for (let n = 0; n < 400; n++) queue.send(String(n));
    void start();
    await clock.advance(60_000);
    expect(of("ended").length).toBe(400);
    expect(of("breaker")).toHaveLength(0);
    await stopped();
  });

  test("keeps most of the queue out of the dead letters when every message fails", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      env: { CONCURRENCY: "5", RETRY_BACKOFF_SECONDS: "1,1" },
      agent: () => {
        throw new Error("a dependency is down");
      },
      queue: { maxReceiveCount: 2 },
    });
    for (let n = 0; n < 500; n++) queue.send(String(n));
    void start();
    await clock.advance(600_000);
    // Two runs a message: of 500 fewer than 100 are lost to ten minutes without the dependency.
    expect(of("ended").length).toBeLessThan(200);
    await stopped();
    expect(clock.timers).toBe(0);
  });

  test("goes on one at a time where it is the messages that are at fault", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      env: { CONCURRENCY: "5", RETRY_BACKOFF_SECONDS: "1,1" },
      agent: ({ body }) => {
        if ((body as number) % 5 !== 0) throw new Error("failed");
      },
      queue: { maxReceiveCount: 2 },
    });
    for (let n = 0; n < 500; n++) queue.send(String(n));
    void start();
    await clock.advance(300_000);
    expect(of("breaker")[0]).toMatchObject({ open: true });
    expect(queue.deleted).toHaveLength(100);
    await stopped();
  });

  test("doesn't pause for rejections, which the agent has called the messages' own fault", async () => {
    const { clock, queue, start, stopped } = workerBundle({
      agent: () => {
        throw new Reject("no order");
      },
    });
    for (let n = 0; n < 300; n++) queue.send(String(n));
    void start();
    await clock.advance(60_000);
    expect(queue.visible()).toBe(0);
    await stopped();
  });

  test("all but stops receiving when every message is deferred, since then the agent is broken and not the messages", async () => {
    const { clock, queue, start, stopped, of } = workerBundle({
      env: { CONCURRENCY: "5" },
      agent: () => {
        throw new Defer(600, "no such program");
      },
    });
    for (let n = 0; n < 500; n++) queue.send(String(n));
    void start();
    await clock.advance(60_000);
    const before = of("ended").length;
    await clock.advance(300_000);
    expect(before).toBeLessThan(80);
    expect(of("ended").length - before).toBeLessThanOrEqual(12);
    await stopped();
    expect(clock.timers).toBe(0);
  });
});
