import { describe, expect, test } from "@jest/globals";
import { LeaseTable } from "../../../../src/pipeline/lease/lease-table.js";
import { Delivery } from "../../../../src/pipeline/ports/delivery.js";
import type { Fact } from "../../../../src/pipeline/ports/telemetry.js";
import { RunControl } from "../../../../src/pipeline/run/run-control.js";
import { RunAborted } from "../../../../src/pipeline/run/run-signal.js";
import { FakeClock } from "../../../support/fake-clock.js";

const HOUR_MS = 3_600_000;

function setup(timeoutSeconds = 60) {
  const clock = new FakeClock();
  const now = clock.monotonic();
  const lease = new LeaseTable(1).hold("handle", now, now + 120_000)!;
  const message = {
    id: "m",
    handle: "handle",
    body: "{}",
    attributes: new Map(),
    receiveCount: 1,
    sentAt: 0,
    intact: true,
  };
  const facts: Fact[] = [];
  const delivery = new Delivery(message, lease, now);
  const run = new RunControl({ delivery, clock, telemetry: (fact) => facts.push(fact), timeoutSeconds }, now);
  return { clock, run, facts };
}

describe("a run's control", () => {
  test("aborts at the deadline, with the reason in the signal", async () => {
    const { clock, run } = setup(60);
    const { signal } = run;
    expect(run.deadline).toBe(clock.wall() + 60_000);
    await clock.advance(59_999);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.reason).toBeInstanceOf(RunAborted);
    expect(signal.reason).toMatchObject({ name: "AbortError", cause: "timeout" });
    expect(signal.reason.stack).toBe("AbortError: the agent ran for longer than 60 s");
    run.end();
    expect(clock.timers).toBe(0);
  });

  test("gives a signal that was asked for after the abort as aborted", () => {
    const { run } = setup();
    run.abort("shutdown", "the worker is shutting down");
    expect(run.signalSeen).toBe(false);
    expect(run.signal.aborted).toBe(true);
    run.end();
  });

  test("keeps the first of two causes", () => {
    const { run } = setup();
    run.abort("lease lost", "gone");
    run.abort("shutdown", "later");
    expect(run.abortCause).toBe("lease lost");
    run.end();
  });

  test("moves the deadline by extend, never back, and never past the lease's 12 hours", async () => {
    const { clock, run } = setup(60);
    const { signal } = run;
    const startedAt = clock.wall();
    expect(run.extend(30)).toBe(startedAt + 60_000);
    expect(run.extend(3_600)).toBe(startedAt + HOUR_MS);
    await clock.advance(HOUR_MS - 1);
    expect(signal.aborted).toBe(false);
    expect(run.extend(43_200)).toBeLessThan(startedAt + 12 * HOUR_MS);
    await clock.advance(12 * HOUR_MS);
    expect(signal.aborted).toBe(true);
    run.end();
  });

  test.each([0, -1, 43_201, Number.NaN, Number.POSITIVE_INFINITY])("refuses to extend by %d seconds", (seconds) => {
    const { run } = setup();
    expect(() => run.extend(seconds)).toThrow(/between 1 and 43200 seconds/);
    run.end();
  });

  test("tells again and again of an agent that goes on after its abort", async () => {
    const { clock, run, facts } = setup(1);
    await clock.advance(31_000);
    expect(facts.filter(({ kind }) => kind === "abortIgnored")).toHaveLength(3);
    run.end();
    expect(clock.timers).toBe(0);
  });

  test("cuts a note on the way to a length", () => {
    const { run, facts } = setup();
    run.progress("x".repeat(5_000));
    expect(facts).toMatchObject([{ kind: "progress", note: "x".repeat(1_000) }]);
    run.end();
  });
});
