import { describe, expect, test } from "@jest/globals";
import type { Context } from "../../../../src/agents/context.js";
import type { CheckpointCause } from "../../../../src/pipeline/ports/handler.js";
import { QueueError } from "../../../../src/pipeline/ports/queue.js";
import { workerBundle } from "../../../support/worker-bundle.js";

/** An agent that counts one step a second, saves where it is when asked, and goes on there; it ends when aborted. */
function steps({ save = async () => {} }: { save?: (context: Context) => unknown } = {}) {
  const saved: { step: number; cause: CheckpointCause }[] = [];
  const resumedAt: number[] = [];
  let abortedAt: number | undefined;
  const agent = async (_: unknown, context: Context) => {
    let step = saved.at(-1)?.step ?? 0;
    resumedAt.push(step);
    context.checkpoint(async (cause) => {
      await save(context);
      saved.push({ step, cause });
    });
    await new Promise<void>((resolve) => {
      tick = () => {
        step++;
      };
      context.signal.addEventListener("abort", () => {
        abortedAt = step;
        resolve();
      });
    });
  };
  let tick = () => {};
  return { agent, saved, resumedAt, step: () => tick(), abortedAt: () => abortedAt };
}

describe("an agent's checkpoint", () => {
  test("is saved before the deadline, and the message goes on there at once", async () => {
    const long = steps();
    const { clock, queue, of, start, stopped } = workerBundle({
      agent: long.agent,
      env: { HANDLER_TIMEOUT_SECONDS: "600", VISIBILITY_TIMEOUT: "120" },
    });
    queue.send("long");
    void start();
    for (let second = 0; second < 596; second++) {
      await clock.advance(1_000);
      long.step();
    }
    expect(long.saved).toEqual([{ step: 594, cause: "timeout" }]);
    expect(long.abortedAt()).toBe(594);
    expect(of("checkpoint")).toMatchObject([{ cause: "timeout", saved: true }]);
    expect(of("settled")).toMatchObject([{ outcome: "retry", certain: true }]);
    await clock.advance(1_000);
    expect(long.resumedAt).toEqual([0, 594]);
    await stopped();
    expect(queue.deleted).toHaveLength(0);
  });

  test("is saved before a shutdown aborts its agent, which is no clean end", async () => {
    const long = steps();
    const { clock, queue, of, start, stopped } = workerBundle({
      agent: long.agent,
      env: { SHUTDOWN_TIMEOUT_SECONDS: "60", POLL_INTERVAL_SECONDS: "1" },
    });
    queue.send("long");
    void start();
    await clock.advance(5_000);
    expect((await stopped()).exitCode).toBe(75);
    expect(long.saved).toEqual([{ step: 0, cause: "shutdown" }]);
    expect(of("settled")).toMatchObject([{ outcome: "interrupted" }]);
    expect(queue.visible()).toBe(1);
    expect(clock.timers).toBe(0);
  });

  test("is not asked for when the lease is lost: another may be at work by then", async () => {
    const long = steps();
    const { clock, queue, of, start, stopped } = workerBundle({ agent: long.agent, env: { VISIBILITY_TIMEOUT: "15" } });
    queue.send("long");
    void start();
    await clock.advance(1_000);
    for (let n = 0; n < 100; n++) queue.failNext("changeVisibility", new QueueError("unreachable", "down"));
    await clock.advance(15_000);
    expect(of("leaseLost")).toHaveLength(1);
    expect(long.saved).toEqual([]);
    await stopped();
  });

  test("that fails, or takes too long, is told, and the message waits as after any other timeout", async () => {
    for (const save of [() => Promise.reject(new Error("no such bucket")), () => new Promise<void>(() => {})]) {
      const long = steps({ save });
      const { clock, queue, of, start, stopped } = workerBundle({
        agent: long.agent,
        env: { HANDLER_TIMEOUT_SECONDS: "60", VISIBILITY_TIMEOUT: "120" },
      });
      queue.send("long");
      void start();
      await clock.advance(61_000);
      expect(of("checkpoint")).toMatchObject([{ saved: false, error: expect.any(Error) }]);
      expect(of("settled")).toMatchObject([{ outcome: "retry" }]);
      await clock.advance(10_000);
      expect(long.resumedAt).toEqual([0]);
      await stopped();
    }
  });

  test("is not needed by an agent that ends while it is saved: its success counts", async () => {
    let end = () => {};
    const { clock, queue, of, start, stopped } = workerBundle({
      agent: async (_: unknown, context: Context) => {
        context.checkpoint(() => new Promise<void>(() => {}));
        await new Promise<void>((resolve) => {
          end = resolve;
        });
      },
      env: { HANDLER_TIMEOUT_SECONDS: "60" },
    });
    queue.send("long");
    void start();
    await clock.advance(56_000);
    end();
    await clock.advance(1_000);
    expect(of("settled")).toMatchObject([{ outcome: "done" }]);
    expect((await stopped()).exitCode).toBe(0);
    expect(clock.timers).toBe(0);
  });
});
