import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CLOCK_SKEW_MAX_MS, type ClaimRequest, type IdempotencyTable } from "../../src/pipeline/ports/idempotency.js";

const never = new AbortController().signal;
const T0 = Date.UTC(2026, 0, 1);
const LEASE_MS = 60_000;

/** What every table of keys must do, whatever it is made of. Finished keys are kept for an hour. */
export function idempotencyContract(
  name: string,
  make: () => Promise<{ table: IdempotencyTable; stop(): Promise<void> }>,
): void {
  describe(name, () => {
    let made: Awaited<ReturnType<typeof make>>;
    beforeAll(async () => {
      made = await make();
    }, 120_000);
    afterAll(() => made.stop());

    const request = (given: Partial<ClaimRequest> = {}): ClaimRequest => ({
      key: randomUUID(),
      owner: "a",
      payloadHash: "hash",
      now: T0,
      leaseMs: LEASE_MS,
      ...given,
    });

    test("can be checked without leaving anything behind", async () => {
      await made.table.check(never);
      await made.table.check(never);
    });

    test("gives a free key, and holds it against others until its lease has ended", async () => {
      const { table } = made;
      const first = request();
      expect(await table.claim(first, never)).toEqual({ kind: "claimed", fence: 1 });
      const second = { ...first, owner: "b" };
      const until = T0 + LEASE_MS + CLOCK_SKEW_MAX_MS;
      expect(await table.claim({ ...second, now: T0 + 1_000 }, never)).toEqual({ kind: "held", until });
      expect(await table.claim({ ...second, now: until }, never)).toEqual({ kind: "held", until });
      expect(await table.claim({ ...second, now: until + 1 }, never)).toEqual({ kind: "claimed", fence: 2 });
    });

    test("of two that ask at once one gets it", async () => {
      const first = request();
      const ends = await Promise.all(["a", "b", "c", "d"].map((owner) => made.table.claim({ ...first, owner }, never)));
      expect(ends.map(({ kind }) => kind).sort()).toEqual(["claimed", "held", "held", "held"]);
    });

    test("gives it again to the owner whose answer got lost", async () => {
      const first = request();
      await made.table.claim(first, never);
      expect(await made.table.claim(first, never)).toEqual({ kind: "claimed", fence: 2 });
    });

    test("a renewed lease ends later", async () => {
      const { table } = made;
      const first = request();
      await table.claim(first, never);
      const claim = { ...first, fence: 1 };
      expect(await table.renew(claim, T0 + 2 * LEASE_MS, never)).toEqual({ kind: "held" });
      const late = { ...first, owner: "b", now: T0 + LEASE_MS + 10_000 };
      expect(await table.claim(late, never)).toMatchObject({ kind: "held" });
    });

    test("a run that lasts for longer than keys are kept holds its key", async () => {
      const { table } = made;
      const first = request();
      await table.claim(first, never);
      await table.renew({ ...first, fence: 1 }, T0 + 7_200_000, never);
      const late = { ...first, owner: "b", now: T0 + 7_100_000 };
      expect(await table.claim(late, never)).toMatchObject({ kind: "held" });
    });

    test("a renewal that arrives late moves no lease back, and gives no released key to its last owner", async () => {
      const { table } = made;
      const first = request();
      await table.claim(first, never);
      const claim = { ...first, fence: 1 };
      await table.renew(claim, T0 + 3 * LEASE_MS, never);
      expect(await table.renew(claim, T0 + 2 * LEASE_MS, never)).toEqual({ kind: "held" });
      const other = { ...first, owner: "b", now: T0 + 2.5 * LEASE_MS };
      expect(await table.claim(other, never)).toMatchObject({ kind: "held" });
      await table.release(claim, never);
      expect(await table.renew(claim, T0 + 9 * LEASE_MS, never)).toEqual({ kind: "lost", to: "running" });
      expect(await table.claim(other, never)).toEqual({ kind: "claimed", fence: 2 });
      expect(await table.renew({ ...claim, fence: 1 }, T0 + 9 * LEASE_MS, never)).toEqual({
        kind: "lost",
        to: "running",
      });
      await table.complete({ ...other, fence: 2 }, T0, never);
      expect(await table.renew({ ...other, fence: 2 }, T0 + 9 * LEASE_MS, never)).toEqual({
        kind: "lost",
        to: "finished",
      });
    });

    test("a finished key stays finished for the same payload, and is refused to another", async () => {
      const { table } = made;
      const first = request();
      await table.claim(first, never);
      const claim = { ...first, fence: 1 };
      expect(await table.complete(claim, T0, never)).toEqual({ kind: "held" });
      // An answer that got lost.
      expect(await table.complete(claim, T0, never)).toEqual({ kind: "held" });
      const later = { ...first, owner: "b", now: T0 + 10 * LEASE_MS };
      expect(await table.claim(later, never)).toEqual({ kind: "finished" });
      expect(await table.claim({ ...later, owner: first.owner }, never)).toEqual({ kind: "finished" });
      expect(await table.claim({ ...later, payloadHash: "other" }, never)).toEqual({ kind: "otherPayload" });
      expect(await table.renew(claim, T0, never)).toEqual({ kind: "lost", to: "finished" });
      expect(await table.release(claim, never)).toEqual({ kind: "lost", to: "finished" });
    });

    test("a key at work is refused to another payload", async () => {
      const first = request();
      await made.table.claim(first, never);
      const other = { ...first, owner: "b", payloadHash: "other" };
      expect(await made.table.claim(other, never)).toEqual({ kind: "otherPayload" });
    });

    test("a released key is free at once, for a mended payload too, and its fence goes on", async () => {
      const { table } = made;
      const first = request();
      await table.claim(first, never);
      expect(await table.release({ ...first, fence: 1 }, never)).toEqual({ kind: "held" });
      const second = { ...first, owner: "b", payloadHash: "mended" };
      expect(await table.claim(second, never)).toEqual({ kind: "claimed", fence: 2 });
    });

    test("a late loser can do nothing any more", async () => {
      const { table } = made;
      const first = request();
      await table.claim(first, never);
      const late = { ...first, fence: 1 };
      await table.claim({ ...first, owner: "b", now: T0 + 2 * LEASE_MS }, never);
      expect(await table.renew(late, T0 + 9 * LEASE_MS, never)).toEqual({ kind: "lost", to: "running" });
      expect(await table.release(late, never)).toEqual({ kind: "lost", to: "running" });
      expect(await table.complete(late, T0, never)).toEqual({ kind: "lost", to: "running" });
      await table.complete({ ...first, owner: "b", fence: 2 }, T0 + 2 * LEASE_MS, never);
      expect(await table.complete(late, T0, never)).toEqual({ kind: "lost", to: "finished" });
    });

    test("an expired key is free although it is still there, and its fence goes on", async () => {
      const { table } = made;
      const first = request();
      await table.claim(first, never);
      await table.complete({ ...first, fence: 1 }, T0, never);
      const within = { ...first, owner: "b", now: T0 + 3_500_000 };
      expect(await table.claim(within, never)).toEqual({ kind: "finished" });
      expect(await table.claim({ ...within, now: T0 + 3_602_000 }, never)).toEqual({ kind: "claimed", fence: 2 });
    });

    test("takes keys of any script, up to 1,024 bytes", async () => {
      const { table } = made;
      for (const key of ["k".repeat(988), "__proto__", "schlüssel/鍵/🔑", " "]) {
        const first = request({ key: `${randomUUID()}${key}` });
        expect(await table.claim(first, never)).toEqual({ kind: "claimed", fence: 1 });
        expect(await table.claim({ ...first, owner: "b" }, never)).toMatchObject({ kind: "held" });
      }
    });

    test("says that it knows nothing of a claim that nobody made", async () => {
      const claim = { key: randomUUID(), owner: "a", fence: 1 };
      expect(await made.table.complete(claim, T0, never)).toEqual({ kind: "lost", to: "gone" });
    });
  });
}
