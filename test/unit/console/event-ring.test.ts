import { describe, expect, test } from "@jest/globals";
import { EventRing } from "../../../src/console/event-ring.js";
import type { Fact } from "../../../src/pipeline/ports/telemetry.js";
import { FakeClock } from "../../support/fake-clock.js";
import { ODD_THROWS } from "../../support/odd-throws.js";

const delivery = { messageId: "m-1", receiveCount: 2, body: "a body that is nobody's business" };

function failed(cause: unknown = new Error("no such order")): Fact {
  return { kind: "settled", delivery, outcome: "retry", agentMs: 5, cause, certain: true };
}

function setup() {
  const clock = new FakeClock();
  return { clock, ring: new EventRing(clock) };
}

describe("EventRing", () => {
  test("keeps nothing of what every message brings", () => {
    const { ring } = setup();
    for (const fact of [
      { kind: "received", count: 10, asked: 10, elapsedMs: 1 },
      { kind: "started", delivery, inQueueMs: 1, bufferedMs: 0 },
      { kind: "ended", delivery, outcome: "done", agentMs: 5 },
      { kind: "settled", delivery, outcome: "done", agentMs: 5, certain: true },
    ] satisfies Fact[]) {
      ring.record(fact);
    }
    expect(ring.after(0)).toEqual([]);
    expect(ring.leftOut).toBe(0);
  });

  test("tells a failure with its message and its error, and never with the body", () => {
    const { ring, clock } = setup();
    ring.record(failed());
    expect(ring.after(0)).toEqual([
      {
        number: 1,
        at: clock.wall(),
        level: "warn",
        what: "failed, is retried",
        messageId: "m-1",
        receiveCount: 2,
        detail: "Error: no such order",
      },
    ]);
  });

  test("tells a success whose delete is not certain", () => {
    const { ring } = setup();
    ring.record({ kind: "settled", delivery, outcome: "done", agentMs: 5, certain: false });
    expect(ring.after(0)[0]).toMatchObject({ level: "warn", what: "done; not surely settled, may come again" });
  });

  test("tells a lost lease once though two facts report it", () => {
    const { ring } = setup();
    ring.record({ kind: "leaseLost", delivery, reason: "could not be extended" });
    ring.record({ kind: "settled", delivery, outcome: "leaseLost", agentMs: 5, certain: true });
    expect(ring.after(0).map(({ what }) => what)).toEqual(["lease lost"]);
  });

  test("tells a streak of failed receives when it begins, when its cause changes, and when it is over", () => {
    const { ring } = setup();
    const trouble = { kind: "receiveFailed", error: new Error("refused"), retryInMs: 100 } as const;
    ring.record({ ...trouble, cause: "ECONNREFUSED", failures: 1, changed: true });
    ring.record({ ...trouble, cause: "ECONNREFUSED", failures: 2, changed: false });
    ring.record({ ...trouble, cause: "throttled", failures: 3, changed: true });
    ring.record({ kind: "receiveRecovered", failures: 3 });
    expect(ring.after(0).map(({ what }) => what)).toEqual([
      "receive failed: ECONNREFUSED",
      "receive failed: throttled",
      "receives work again, after 3 failures",
    ]);
  });

  test.each([
    ["an error's message", new Error("x".repeat(5_000))],
    ["a text", "x".repeat(5_000)],
    ["any other thing", { deep: "x".repeat(5_000) }],
  ])("cuts %s", (_, cause) => {
    const { ring } = setup();
    ring.record(failed(cause));
    expect(ring.after(0)[0]!.detail!.length).toBeLessThanOrEqual(301);
    expect(ring.after(0)[0]!.detail).toMatch(/x…$/);
  });

  test("bears a cause that can't be written down", () => {
    const { ring } = setup();
    const circle: { self?: unknown } = {};
    circle.self = circle;
    ring.record(failed(circle));
    expect(ring.after(0)[0]!.detail).toBe("an object that can't be told in words");
  });

  test.each(Object.keys(ODD_THROWS))("has words for an agent that threw %s", (name) => {
    const { ring } = setup();
    ring.record(failed(ODD_THROWS[name]!()));
    const [event] = ring.after(0);
    expect(JSON.parse(JSON.stringify(event))).toEqual(event);
    expect((event!.detail ?? "").length).toBeLessThanOrEqual(301);
  });

  test("keeps the newest hundred", async () => {
    const { ring, clock } = setup();
    for (let second = 0; second < 12; second++) {
      for (let n = 0; n < 10; n++) ring.record(failed());
      await clock.advance(1_000);
    }
    expect(ring.after(0).length).toBe(100);
    expect([ring.after(0)[0]!.number, ring.after(0).at(-1)!.number]).toEqual([21, 120]);
    expect(ring.leftOut).toBe(0);
  });

  test("keeps twenty of a second in a storm, counts the rest, and still tells of the worker itself", async () => {
    const { ring, clock } = setup();
    for (let n = 0; n < 5_000; n++) ring.record(failed());
    ring.record({ kind: "breaker", open: true, failures: 40, of: 50 });
    ring.record({ kind: "lifecycle", state: "draining", detail: "SIGTERM" });
    expect(ring.after(0).length).toBe(22);
    expect(ring.leftOut).toBe(4_980);
    expect(ring.after(0).slice(20)).toMatchObject([
      { level: "error", what: "breaker opened: 40 of 50 agents failed" },
      { level: "info", what: "worker draining", detail: "SIGTERM" },
    ]);
    await clock.advance(1_000);
    ring.record(failed());
    expect(ring.after(0).length).toBe(23);
  });

  test("reads no error of an event that it leaves out", () => {
    const { ring } = setup();
    for (let n = 0; n < 20; n++) ring.record(failed());
    let read = false;
    const costly = {
      toJSON() {
        read = true;
        return "";
      },
    };
    ring.record(failed(costly));
    expect([ring.leftOut, read]).toEqual([1, false]);
  });
});
