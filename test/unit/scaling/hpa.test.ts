import { describe, expect, test } from "@jest/globals";
import { Hpa } from "../../../src/scaling/hpa.js";
import { Metrics } from "../../../src/scaling/metric-series.js";
import type { HpaPolicy } from "../../../src/scaling/policy.js";

const POLICY: HpaPolicy = {
  kind: "hpa",
  name: "keda",
  messagesPerTask: 5,
  pollSeconds: 30,
  cooldownSeconds: 300,
  syncSeconds: 15,
  stabilizationSeconds: 300,
};

/** Runs the policy second by second on a queue of so many messages. @returns its orders as `second: tasks`. */
function orders(messagesAt: (second: number) => number, { tasks = 1, seconds = 60 } = {}): string[] {
  const metrics = new Metrics();
  const hpa = new Hpa(POLICY, metrics);
  const seen: string[] = [];
  for (let now = 0, ordered = tasks; now < seconds; now++) {
    metrics.put("QueueMessages", now, messagesAt(now));
    const proposal = hpa.tick(now, ordered);
    if (!proposal) continue;
    ordered = proposal.desiredTasks;
    seen.push(`${now}: ${ordered}`);
  }
  return seen;
}

describe("KEDA", () => {
  test("knows a burst at the autoscaler's next sync, not only at its own next poll", () => {
    expect(orders((second) => (second < 1 ? 5 : 25))).toEqual(["15: 5"]);
  });

  test("at most doubles, or adds four, in a sync", () => {
    expect(orders(() => 500)).toEqual(["0: 5", "15: 10", "30: 20", "45: 40"]);
  });

  test("leaves a fleet alone whose unrounded ratio is within a tenth", () => {
    // 26 messages need 5.2 tasks, rounded up 6: a fifth more than 5, and yet 26 / 25 is near enough.
    expect(orders(() => 26, { tasks: 5 })).toEqual([]);
    expect(orders(() => 28, { tasks: 5 })).toEqual(["0: 6"]);
  });

  test("starts with one from none, at a poll, and the autoscaler goes on from there", () => {
    expect(orders((second) => (second < 31 ? 0 : 100), { tasks: 0, seconds: 76 })).toEqual(["60: 1", "75: 5"]);
  });

  test("takes the last task when no poll has found a message for the cooldown", () => {
    expect(orders((second) => (second < 100 ? 1 : 0), { seconds: 600 })).toEqual(["390: 0"]);
  });

  test("shrinks to the highest proposal of the stabilization time, what it found at the start included", () => {
    expect(orders(() => 10, { tasks: 20, seconds: 400 })).toEqual(["315: 2"]);
  });
});
