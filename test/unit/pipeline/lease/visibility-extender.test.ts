import { describe, expect, test } from "@jest/globals";
import { LeaseTable } from "../../../../src/pipeline/lease/lease-table.js";
import { VisibilityExtender } from "../../../../src/pipeline/lease/visibility-extender.js";
import { type EntryResult, QueueError, type VisibilityChange } from "../../../../src/pipeline/ports/queue.js";
import { FakeClock } from "../../../support/fake-clock.js";

const TIMEOUT_SECONDS = 120;
const HOUR_MS = 3_600_000;

function setup(
  answer: (changes: readonly VisibilityChange[], signal: AbortSignal) => EntryResult[] | Promise<EntryResult[]> = allOk,
) {
  const clock = new FakeClock();
  const leases = new LeaseTable(1_000);
  const calls: { at: number; changes: readonly VisibilityChange[] }[] = [];
  const lost: string[] = [];
  const failed: number[] = [];
  const extender = new VisibilityExtender({
    queue: {
      changeVisibility: async (changes, signal) => {
        calls.push({ at: clock.monotonic(), changes });
        return answer(changes, signal);
      },
    },
    leases,
    clock,
    visibilityTimeoutSeconds: TIMEOUT_SECONDS,
    events: {
      lost: (_index, _generation, reason) => lost.push(reason),
      failed: (count) => failed.push(count),
    },
  });
  const hold = (handle: string) => {
    const now = clock.monotonic();
    return leases.hold(handle, now, now + TIMEOUT_SECONDS * 1000)!;
  };
  return { clock, leases, calls, lost, failed, extender, hold };
}

const allOk = (changes: readonly VisibilityChange[]): EntryResult[] => changes.map(() => ({ ok: true }));

describe("the visibility extender", () => {
  test("makes no call for messages that end before half of their timeout", async () => {
    const { clock, calls, extender, hold } = setup();
    extender.start();
    for (let n = 0; n < 100; n++) {
      const lease = hold(`handle-${n}`);
      await clock.advance(30_000);
      lease.end();
    }
    expect(calls).toHaveLength(0);
    extender.stop();
    expect(clock.timers).toBe(0);
  });

  test("extends what is held in tens, at half of the timeout, counted from the call", async () => {
    const { clock, calls, extender, hold } = setup();
    const held = Array.from({ length: 25 }, (_, n) => hold(`handle-${n}`));
    extender.start();
    await clock.advance(70_000);
    expect(calls.map(({ changes }) => changes.length)).toEqual([10, 10, 5]);
    expect(calls[0]!.changes[0]).toEqual({ handle: "handle-0", seconds: TIMEOUT_SECONDS });
    expect(held[0]!.expiresAt).toBe(calls[0]!.at + TIMEOUT_SECONDS * 1000);
    extender.stop();
  });

  test("tries a failed extension again well before the lease ends", async () => {
    let answers = 0;
    const { clock, calls, failed, extender, hold } = setup((changes) => {
      if (answers++ < 3) throw new QueueError("throttled", "slow down");
      return allOk(changes);
    });
    const lease = hold("a");
    extender.start();
    const heldAt = clock.monotonic();
    await clock.advance(100_000);
    expect(failed).toEqual([1, 1, 1]);
    // The three failures cost less than a sixth of the timeout.
    expect(calls.at(-1)!.at - calls[0]!.at).toBeLessThanOrEqual((TIMEOUT_SECONDS * 1000) / 6);
    expect(lease.expiresAt).toBeGreaterThan(heldAt + TIMEOUT_SECONDS * 1000);
    extender.stop();
  });

  test("takes a stale handle for a lost lease, and leaves it alone from then on", async () => {
    const { clock, calls, lost, extender, hold } = setup((changes) =>
      changes.map(() => ({ ok: false, kind: "stale", detail: "expired" })),
    );
    const lease = hold("a");
    extender.start();
    await clock.advance(600_000);
    expect(lost).toEqual(["expired"]);
    expect(lease.lost).toBe(true);
    expect(calls).toHaveLength(1);
    extender.stop();
  });

  test("never asks for more than SQS's 12 hours, and lets the lease run out then", async () => {
    const { clock, calls, extender, hold } = setup();
    hold("a");
    const heldAt = clock.monotonic();
    extender.start();
    await clock.advance(13 * HOUR_MS);
    const ends = calls.map(({ at, changes }) => at - heldAt + changes[0]!.seconds * 1000);
    expect(Math.max(...ends)).toBeLessThanOrEqual(12 * HOUR_MS);
    expect(Math.max(...ends)).toBeGreaterThan(12 * HOUR_MS - TIMEOUT_SECONDS * 1000);
    extender.stop();
  });

  test("keeps at most eight calls open, and gives up those that are never answered", async () => {
    const { clock, leases, calls, failed, extender, hold } = setup(
      (_changes, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    for (let n = 0; n < 200; n++) hold(`handle-${n}`);
    extender.start();
    await clock.advance(66_000);
    expect(calls).toHaveLength(8);
    await clock.advance(4_500);
    expect(failed).toEqual(Array(8).fill(10));
    expect(leases.size).toBe(200);
    extender.stop();
  });
});
