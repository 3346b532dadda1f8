import { describe, expect, test } from "@jest/globals";
import { ClaimExtender } from "../../../../src/pipeline/lease/claim-extender.js";
import { ClaimTable } from "../../../../src/pipeline/lease/claim-table.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { MemoryIdempotency } from "../../../support/memory-idempotency.js";

const LEASE_SECONDS = 60;
const LEASE_MS = LEASE_SECONDS * 1000;

function setup() {
  const clock = new FakeClock();
  const epoch = clock.wall() - clock.monotonic();
  const table = new MemoryIdempotency();
  const claims = new ClaimTable(100);
  const told: string[] = [];
  const open = () =>
    new ClaimExtender({
      table,
      claims: new ClaimTable(claims.buffer),
      clock,
      leaseSeconds: LEASE_SECONDS,
      events: {
        lost: (index, generation, detail) => claims.tellLost(index, generation, detail),
        failed: (error) => told.push(`failed: ${(error as Error).message}`),
        recovered: () => told.push("recovered"),
      },
    });
  /** Claims a key, as a run does. */
  const claim = async (key: string) => {
    const now = clock.monotonic();
    const request = { key, owner: "a", payloadHash: "hash", now: now + epoch, leaseMs: LEASE_MS };
    const end = await table.claim(request);
    if (end.kind !== "claimed") throw new Error(end.kind);
    const lost: string[] = [];
    const held = claims.hold({ key, owner: "a", fence: end.fence }, { endsAt: now + LEASE_MS, epoch }, (detail) =>
      lost.push(detail),
    );
    return { held, end: () => held.end(), lost, claim: { key, owner: "a", fence: end.fence } };
  };
  const renewals = () => table.calls.filter(({ operation }) => operation === "renew").length;
  return { clock, epoch, table, claims, told, open, claim, renewals };
}

describe("the claim extender", () => {
  test("makes no call for runs that end before half of their lease", async () => {
    const { clock, open, claim, renewals } = setup();
    const extender = open();
    extender.start();
    for (let n = 0; n < 20; n++) {
      const { end } = await claim(`key ${n}`);
      await clock.advance(25_000);
      end();
    }
    expect(renewals()).toBe(0);
    extender.stop();
    expect(clock.timers).toBe(0);
  });

  test("keeps a claim for as long as its run lasts, and no longer", async () => {
    const { clock, epoch, table, open, claim, renewals } = setup();
    const extender = open();
    extender.start();
    const run = await claim("key");
    for (let second = 0; second < 300; second++) {
      await clock.advance(1_000);
      expect(table.items.get("key")!.leaseUntil).toBeGreaterThan(clock.wall() + LEASE_MS / 2 - 4_000);
    }
    expect(renewals()).toBeLessThan(11);
    run.end();
    const made = renewals();
    await clock.advance(LEASE_MS + 10_000);
    expect(renewals()).toBe(made);
    expect(table.items.get("key")!.leaseUntil).toBeLessThan(clock.monotonic() + epoch);
    extender.stop();
  });

  test("tells the run whose key was taken over, once, and asks no more for it", async () => {
    const { clock, table, open, claim, renewals } = setup();
    const extender = open();
    extender.start();
    const run = await claim("key");
    table.items.set("key", { ...table.items.get("key")!, owner: "b", fence: 2 });
    await clock.advance(200_000);
    expect(run.lost).toEqual(["another run has taken its key over"]);
    expect(renewals()).toBe(1);
    extender.stop();
  });

  test("tries on while the table is down, tells so once, and keeps the claim if it is back in time", async () => {
    const { clock, table, told, open, claim, renewals } = setup();
    const extender = open();
    extender.start();
    const run = await claim("key");
    table.down = true;
    await clock.advance(55_000);
    expect(renewals()).toBeGreaterThan(5);
    expect(told).toEqual(["failed: ECONNREFUSED"]);
    table.down = false;
    await clock.advance(4_000);
    expect(told).toEqual(["failed: ECONNREFUSED", "recovered"]);
    expect([run.lost, run.held.endsAt > clock.monotonic() + LEASE_MS / 2]).toEqual([[], true]);
    extender.stop();
  });

  test("a renewal under way when its run ends neither holds the key nor troubles the next run in its place", async () => {
    const { clock, table, told, open, claim } = setup();
    const gate = Promise.withResolvers<void>();
    const extender = open();
    extender.start();
    for (const ending of ["complete", "release"] as const) {
      const run = await claim(ending);
      // The renewal leaves, and arrives only after the run's own last word.
      table.onCall = (operation, phase) => (operation === "renew" && phase === "before" ? gate.promise : undefined);
      await clock.advance(LEASE_MS / 2 + 3_000);
      run.end();
      await (ending === "complete" ? table.complete(run.claim, clock.wall()) : table.release(run.claim));
      const { leaseUntil, state } = { ...table.items.get(ending)! };
      const next = await claim(`next ${ending}`);
      gate.resolve();
      await clock.advance(1_000);
      expect(table.items.get(ending)).toMatchObject({ leaseUntil, state });
      expect([run.lost, next.lost]).toEqual([[], []]);
      next.end();
    }
    expect(table.items.get("complete")!.state).toBe("finished");
    expect(table.items.get("release")!.leaseUntil).toBe(0);
    expect(told).toEqual([]);
    extender.stop();
  });

  test("a renewal that hangs is given up, and others go on meanwhile", async () => {
    const { clock, table, open, claim } = setup();
    table.renew = (
      (renew) => (claim: Parameters<typeof renew>[0], until: number, signal?: AbortSignal) =>
        claim.key === "hangs"
          ? new Promise<never>((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)))
          : renew.call(table, claim, until)
    )(table.renew);
    const extender = open();
    extender.start();
    const hangs = await claim("hangs");
    const goes = await claim("goes");
    await clock.advance(100_000);
    expect(goes.held.endsAt).toBeGreaterThan(clock.monotonic());
    expect(hangs.held.endsAt).toBeLessThan(clock.monotonic());
    extender.stop();
    await clock.advance(10_000);
    expect(clock.timers).toBe(0);
  });

  test("the next one goes on where one that died ended", async () => {
    const { clock, table, open, claim, renewals } = setup();
    open().start();
    const extender = open();
    const run = await claim("key");
    await clock.advance(40_000);
    expect(renewals()).toBe(1);
    extender.start();
    await clock.advance(1_000);
    // It knows from the shared table that nothing is due.
    expect(renewals()).toBe(1);
    await clock.advance(200_000);
    expect(run.lost).toEqual([]);
    expect(table.items.get("key")!.leaseUntil).toBeGreaterThan(clock.wall());
    extender.stop();
  });

  test("a hundred claims that fall due at once are all renewed in time", async () => {
    const { clock, table, open, claim } = setup();
    const pause = () => new Promise<void>((resolve) => clock.setTimer(resolve, 1_000));
    const runs = await Promise.all(Array.from({ length: 100 }, (_, n) => claim(`key ${n}`)));
    table.onCall = (operation, phase) => (operation === "renew" && phase === "before" ? pause() : undefined);
    const extender = open();
    extender.start();
    await clock.advance(LEASE_MS / 2 + 20_000);
    for (const run of runs) expect(run.held.endsAt).toBeGreaterThan(clock.monotonic() + LEASE_MS / 2);
    extender.stop();
  });
});
