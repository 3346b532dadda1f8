import { describe, expect, test } from "@jest/globals";
import { TaskProtection } from "../../src/pipeline/protect/protection.js";
import { ProtectionError, type TaskGuard } from "../../src/pipeline/protect/task-guard.js";
import { FakeClock } from "../support/fake-clock.js";
import { randomFrom } from "../support/random.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const TASKS = 500;
/** What ECS takes from an account in a second here; its real limit isn't published. */
const CALLS_A_SECOND = 20;

/** A fleet whose tasks ask one ECS that throttles. */
function fleet(seed: number) {
  const clock = new FakeClock();
  const random = randomFrom(seed);
  const startedAt = clock.monotonic();
  const calls: number[] = [];
  const refused: number[] = [];
  const guarded = new Set<number>();
  let tokens = CALLS_A_SECOND;
  let filledAt = startedAt;
  const take = async (change: () => void) => {
    const now = clock.monotonic();
    calls.push(now - startedAt);
    tokens = Math.min(CALLS_A_SECOND, tokens + ((now - filledAt) / 1000) * CALLS_A_SECOND);
    filledAt = now;
    if (tokens < 1) {
      refused.push(now - startedAt);
      throw new ProtectionError("throttled", "Rate exceeded");
    }
    tokens--;
    change();
  };
  const tasks = Array.from({ length: TASKS }, (_, task) => {
    const guard: TaskGuard = {
      protect: () => take(() => guarded.add(task)),
      release: () => take(() => guarded.delete(task)),
    };
    const protection = new TaskProtection({ guard, clock, telemetry: () => {}, longestRunSeconds: 900, random });
    const about = (id: string) => ({ messageId: id, receiveCount: 1 });
    return {
      begin: (id: string) => protection.record({ kind: "started", delivery: about(id), inQueueMs: 0, bufferedMs: 0 }),
      end: (id: string) => protection.record({ kind: "ended", delivery: about(id), outcome: "done", agentMs: 1 }),
    };
  });
  const callsIn = (from: number, to: number) => calls.filter((at) => at >= from && at < to).length;
  return { clock, tasks, guarded, callsIn, refused };
}

describe("A fleet of 500 tasks", () => {
  test("that becomes busy at once is protected within a minute, though ECS takes 20 calls a second", async () => {
    const { clock, tasks, guarded, callsIn } = fleet(1);
    for (const task of tasks) task.begin("long");
    await clock.advance(MINUTE);
    expect(guarded.size).toBeGreaterThanOrEqual(TASKS * 0.95);
    await clock.advance(MINUTE);
    expect(guarded.size).toBe(TASKS);
    // The first try of each, and fewer than three again.
    expect(callsIn(0, 2 * MINUTE)).toBeLessThanOrEqual(4 * TASKS);
  });

  test("whose runs are long makes two calls a second to stay protected, and is never refused", async () => {
    const { clock, tasks, guarded, callsIn, refused } = fleet(2);
    for (const task of tasks) task.begin("long");
    await clock.advance(60 * MINUTE);
    expect(guarded.size).toBe(TASKS);
    expect(callsIn(10 * MINUTE, 60 * MINUTE) / (50 * 60)).toBeCloseTo(TASKS / 270, 0);
    expect(refused.filter((at) => at > 10 * MINUTE)).toEqual([]);
  });

  test("that is always busy with short runs lets every deployment through, and asks no more", async () => {
    const { clock, tasks, guarded, callsIn } = fleet(3);
    for (let step = 0; step < 80; step++) {
      for (const task of tasks) {
        task.begin(`${step}`);
        if (step > 0) task.end(`${step - 1}`);
      }
      await clock.advance(15 * SECOND);
    }
    expect(guarded.size).toBe(0);
    expect(callsIn(10 * MINUTE, 20 * MINUTE)).toBe(0);
  });
});
