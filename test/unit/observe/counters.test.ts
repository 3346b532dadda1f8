import { describe, expect, test } from "@jest/globals";
import { Counters } from "../../../src/observe/counters.js";
import { OUTCOME_KINDS, type OutcomeKind } from "../../../src/pipeline/ports/outcome.js";
import { FakeClock } from "../../support/fake-clock.js";

const delivery = { messageId: "m-1", receiveCount: 1 };

function setup() {
  const clock = new FakeClock();
  const counters = new Counters(clock);
  const { record } = counters;
  const handle = (outcome: OutcomeKind, { inQueueMs = 50, agentMs = 200, certain = true } = {}) => {
    record({ kind: "started", delivery, inQueueMs, bufferedMs: 0 });
    record({ kind: "ended", delivery, outcome, agentMs });
    record({ kind: "settled", delivery, outcome, agentMs, certain });
  };
  const fail = (failures: number) =>
    record({
      kind: "receiveFailed",
      cause: "unreachable",
      error: new Error("refused"),
      failures,
      retryInMs: 100,
      changed: failures === 1,
    });
  return { clock, counters, record, handle, fail };
}

describe("Counters", () => {
  test("count each outcome apart", () => {
    const { counters, handle } = setup();
    for (const kind of OUTCOME_KINDS) handle(kind);
    handle("done");
    const { settled, handled, started, ended } = counters.snapshot();
    expect(settled).toEqual({ done: 2, retry: 1, reject: 1, defer: 1, interrupted: 1, leaseLost: 1 });
    expect([handled, started, ended]).toEqual([7, 7, 7]);
  });

  test("count as gone only what was certainly done or rejected", () => {
    const { counters, handle } = setup();
    handle("done");
    handle("done", { certain: false });
    handle("reject");
    handle("reject", { certain: false });
    handle("retry");
    const { gone, deadLettered, uncertain } = counters.snapshot();
    expect({ gone, deadLettered, uncertain }).toEqual({ gone: 2, deadLettered: 1, uncertain: 2 });
  });

  test("hold the distributions of time in queue and of agents' time", () => {
    const { counters, handle } = setup();
    for (let each = 0; each < 99; each++) handle("done", { inQueueMs: 40, agentMs: 1_000 });
    handle("done", { inQueueMs: 9_000, agentMs: 30_000 });
    const { inQueueMs, agentMs } = counters.snapshot();
    expect(inQueueMs).toEqual({ count: 100, mean: 129.6, p50: 40, p95: 40, p99: 40 });
    expect(agentMs).toMatchObject({ p50: 1_000, mean: 1_290 });
    expect(counters.agentMs.quantile(1)).toBe(30_000);
  });

  test("leave a message without a time of sending out of the time in queue", () => {
    const { counters, record } = setup();
    record({ kind: "started", delivery, inQueueMs: undefined, bufferedMs: 0 });
    expect(counters.snapshot()).toMatchObject({ started: 1, inQueueMs: { count: 0 } });
  });

  test("count receives, their failures, and what failed of batches by entries", () => {
    const { counters, record, fail } = setup();
    record({ kind: "received", count: 7, asked: 10, elapsedMs: 20 });
    record({ kind: "received", count: 0, asked: 10, elapsedMs: 20_000 });
    fail(1);
    fail(2);
    record({ kind: "receiveRecovered", failures: 2 });
    record({ kind: "settleFailed", operation: "delete", count: 3, error: new Error("throttled") });
    record({ kind: "extendFailed", count: 2, error: new Error("throttled") });
    record({ kind: "leaseLost", delivery, reason: "not extended in time" });
    record({ kind: "released", cause: "stop", delivery, reason: "draining" });
    record({ kind: "crashed", delivery, of: "SIGSEGV", times: 1 });
    record({ kind: "oddAnswer", detail: "the same message twice", count: 2 });
    record({ kind: "abortIgnored", delivery, cause: "timeout", sinceMs: 5_000 });
    for (const found of ["finished", "held", "late"] as const) record({ kind: "repeated", delivery, found });
    expect(counters.snapshot()).toMatchObject({
      receives: 2,
      received: 7,
      receiveErrors: 2,
      settleErrors: 3,
      extendErrors: 2,
      leasesLost: 1,
      released: 1,
      crashes: 1,
      oddAnswers: 2,
      abortsIgnored: 1,
      repeats: 2,
      resultsDiscarded: 1,
    });
  });

  test("know since when and why nothing can be received, until something was", async () => {
    const { clock, counters, record, fail } = setup();
    expect(counters.receiveTrouble).toBeUndefined();
    const since = clock.monotonic();
    fail(1);
    await clock.advance(5_000);
    fail(2);
    expect(counters.receiveTrouble).toEqual({ cause: "unreachable", since });
    expect(counters.lastReceiveAt).toBe(since + 5_000);
    record({ kind: "received", count: 0, asked: 1, elapsedMs: 1 });
    expect(counters.receiveTrouble).toBeUndefined();
  });

  test("know how many agents run on after their abort, until they end", () => {
    const { counters, record } = setup();
    record({ kind: "abortIgnored", delivery, cause: "timeout", sinceMs: 5_000 });
    record({ kind: "abortIgnored", delivery, cause: "timeout", sinceMs: 10_000 });
    record({ kind: "abortIgnored", delivery: { messageId: "m-2", receiveCount: 1 }, cause: "timeout", sinceMs: 5_000 });
    expect(counters.hungAgents).toBe(2);
    record({ kind: "ended", delivery, outcome: "retry", agentMs: 60_000 });
    expect(counters.hungAgents).toBe(1);
  });

  test("give the rate of about the last ten seconds, not of the whole life", async () => {
    const { clock, counters, handle } = setup();
    for (let second = 0; second < 60; second++) {
      const perSecond = second < 30 ? 2 : 20;
      for (let each = 0; each < perSecond; each++) handle("done");
      await clock.advance(1_000);
      counters.snapshot();
    }
    expect(counters.snapshot().handledPerSecond).toBeCloseTo(20, 5);
  });

  test("give a rate over all the time when nobody asked before", async () => {
    const { clock, counters, handle } = setup();
    for (let each = 0; each < 300; each++) handle("done");
    await clock.advance(60_000);
    expect(counters.snapshot().handledPerSecond).toBeCloseTo(5, 5);
  });

  test("give a snapshot that later facts don't change and that JSON carries whole", () => {
    const { counters, handle } = setup();
    handle("done");
    const snapshot = counters.snapshot();
    const text = JSON.stringify(snapshot);
    handle("retry");
    expect(JSON.stringify(snapshot)).toBe(text);
    expect(JSON.parse(text)).toEqual(snapshot);
  });
});
