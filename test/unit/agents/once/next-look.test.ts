import { describe, expect, test } from "@jest/globals";
import { NextLook } from "../../../../src/agents/once/next-look.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { MemoryQueue } from "../../../support/memory-queue.js";

const never = new AbortController().signal;

async function received(receives = 1) {
  const clock = new FakeClock();
  const queue = new MemoryQueue({ clock, visibilityTimeoutSeconds: 1 });
  queue.send("{}");
  for (;;) {
    const [message] = await queue.receive(1, 0, never);
    if (message!.receiveCount === receives) return message!;
    await clock.advance(1_000);
  }
}

describe("a message whose key is held elsewhere", () => {
  test("looks once early, after twice the usual time of a run, and then at the lease's end", async () => {
    const nextLook = new NextLook();
    for (let n = 0; n < 20; n++) nextLook.ran(10_000);
    const message = await received();
    expect(nextLook.elsewhere(message, 120_000)).toBe(20);
    expect(nextLook.elsewhere(message, 100_000)).toBe(100);
    expect(nextLook.elsewhere(message, 90_500)).toBe(91);
    expect(nextLook.elsewhere(await received(), 120_000)).toBe(20);
  });

  test("never looks later than the lease's end, nor sooner than after five seconds unless that is sooner", async () => {
    const nextLook = new NextLook();
    expect(nextLook.elsewhere(await received(), 120_000)).toBe(5);
    nextLook.ran(1);
    expect(nextLook.elsewhere(await received(), 120_000)).toBe(5);
    expect(nextLook.elsewhere(await received(), 2_000)).toBe(2);
    expect(nextLook.elsewhere(await received(), -1)).toBe(1);
    nextLook.ran(100_000_000);
    expect(nextLook.elsewhere(await received(), 120_000)).toBe(120);
  });

  test("has no early look when it was received before: its holder may be the worker that died of it", async () => {
    expect(new NextLook().elsewhere(await received(2), 120_000)).toBe(120);
  });
});

describe("a message whose table doesn't answer", () => {
  test("looks again after half a minute, and later the oftener it was received, a quarter of an hour at most", async () => {
    const nextLook = new NextLook();
    const waits: number[] = [];
    for (const receives of [1, 2, 3, 6, 20]) waits.push(nextLook.atTable(await received(receives)));
    expect(waits).toEqual([30, 60, 120, 900, 900]);
  });
});
