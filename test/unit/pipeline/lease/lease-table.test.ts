import { describe, expect, test } from "@jest/globals";
import { LeaseTable } from "../../../../src/pipeline/lease/lease-table.js";

describe("the lease table", () => {
  test("shows the extender's thread what the main thread holds, by the memory alone", () => {
    const table = new LeaseTable(4);
    const extenders = new LeaseTable(table.buffer);
    table.hold("handle-a", 1_000, 9_000);
    table.hold("handle-b", 2_000, 99_000);
    expect(extenders.takeDue(10_000)).toEqual([
      { index: 0, generation: 1, handle: "handle-a", heldSince: 1_000, expiresAt: 9_000 },
    ]);
  });

  test("gives a lease to the extender or to a settlement, never to both", () => {
    const table = new LeaseTable(4);
    const lease = table.hold("a", 0, 100)!;
    expect(lease.lock()).toBe(true);
    expect(table.takeDue(1_000)).toHaveLength(0);
    lease.unlock();
    expect(table.takeDue(1_000)).toHaveLength(1);
    expect(lease.lock()).toBeInstanceOf(Promise);
  });

  test("lets a settlement wait for the extension that is under way", async () => {
    const table = new LeaseTable(4);
    const lease = table.hold("a", 0, 100)!;
    const [due] = table.takeDue(1_000);
    const locked = lease.lock();
    table.giveBack(due!, 5_000);
    expect(await locked).toBe(true);
    expect(lease.expiresAt).toBe(5_000);
  });

  test("tells how often a lease was extended and when last, and forgets it with the lease", () => {
    const table = new LeaseTable(1);
    const lease = table.hold("a", 0, 100)!;
    expect(lease.extended).toBeUndefined();
    table.giveBack(table.takeDue(1_000)[0]!, 100);
    expect(lease.extended).toBeUndefined();
    for (const at of [50, 80]) table.giveBack(table.takeDue(1_000)[0]!, at + 100, at);
    expect(lease.extended).toEqual({ times: 2, at: 80 });
    lease.end();
    expect(lease.extended).toBeUndefined();
    expect(table.hold("b", 0, 100)!.extended).toBeUndefined();
  });

  test("tells a settlement that waits for an extension that the lease turned out lost", async () => {
    const table = new LeaseTable(4);
    const lease = table.hold("a", 0, 100)!;
    const [due] = table.takeDue(1_000);
    const locked = lease.lock();
    expect(table.giveUp(due!)).toBe(true);
    expect(await locked).toBe(false);
    expect(lease.lost).toBe(true);
  });

  test("ignores an extension that ends after its place was given to another message", () => {
    const table = new LeaseTable(1);
    const lease = table.hold("a", 0, 100)!;
    const [due] = table.takeDue(1_000);
    lease.end();
    const next = table.hold("b", 0, 200)!;
    table.giveBack(due!, 9_999);
    expect(table.giveUp(due!)).toBe(false);
    expect(next.expiresAt).toBe(200);
    expect(next.lost).toBe(false);
  });

  test("gives up leases that end too soon and tells their holders once", () => {
    const table = new LeaseTable(4);
    const told: string[] = [];
    const soon = table.hold("a", 0, 100)!;
    const later = table.hold("b", 0, 10_000)!;
    soon.onLost = () => told.push("a");
    later.onLost = () => told.push("b");
    table.loseExpiring(500);
    table.loseExpiring(500);
    expect(told).toEqual(["a"]);
    expect(soon.lock()).toBe(false);
  });

  test("takes no more leases than it has places, and gives a place back when its lease ends", () => {
    const table = new LeaseTable(2);
    const first = table.hold("a", 0, 1)!;
    table.hold("b", 0, 1);
    expect(table.hold("c", 0, 1)).toBeUndefined();
    first.end();
    first.end();
    expect(table.hold("c", 0, 1)).toBeDefined();
    expect(table.hold("d", 0, 1)).toBeUndefined();
    expect(table.size).toBe(2);
  });

  test("refuses a handle that it couldn't keep whole", () => {
    expect(new LeaseTable(2).hold("x".repeat(5_000), 0, 1)).toBeUndefined();
  });

  test("gets back what a thread had taken that died", () => {
    const table = new LeaseTable(2);
    const lease = table.hold("a", 0, 100)!;
    table.takeDue(1_000);
    table.reclaimExtending();
    expect(lease.lock()).toBe(true);
  });
});
