import { describe, expect, test } from "@jest/globals";
import { QueueError, type ReceivedMessage } from "../../../src/pipeline/ports/queue.js";
import { FakeClock } from "../../support/fake-clock.js";
import { MemoryQueue } from "../../support/memory-queue.js";

const never = new AbortController().signal;

function setup(messages: number) {
  const clock = new FakeClock();
  const queue = new MemoryQueue({ clock });
  for (let i = 0; i < messages; i++) queue.send(`${i}`);
  return { clock, queue };
}

describe("a fault of the queue in memory", () => {
  test("that is an error changes nothing, and is over after the calls it was meant for", async () => {
    const { queue } = setup(1);
    const down = new QueueError("unreachable", "down");
    queue.failNext("receive", down, 2);
    await expect(queue.receive(1, 0, never)).rejects.toBe(down);
    await expect(queue.receive(1, 0, never)).rejects.toBe(down);
    expect(await queue.receive(1, 0, never)).toMatchObject([{ receiveCount: 1 }]);
  });

  test("that loses the answer takes effect: a receive leaves a ghost, a delete has deleted", async () => {
    const { queue } = setup(2);
    const lost = { lost: new QueueError("unreachable", "reset in mid-body") };
    queue.failNext("receive", lost);
    await expect(queue.receive(1, 0, never)).rejects.toBe(lost.lost);
    expect([queue.inFlight(), queue.visible()]).toEqual([1, 1]);
    const [message] = await queue.receive(1, 0, never);
    queue.failNext("delete", lost);
    await expect(queue.delete([message!.handle], never)).rejects.toBe(lost.lost);
    expect(queue.deleted).toEqual([{ id: "message-2", body: "1" }]);
  });

  test("that hangs ends with the signal", async () => {
    const { queue } = setup(1);
    queue.failNext("delete", "hang");
    const given = new AbortController();
    const call = queue.delete(["x"], given.signal);
    given.abort("too slow");
    await expect(call).rejects.toMatchObject({ kind: "deadline" });
  });

  test("of some entries leaves the others alone", async () => {
    const { queue } = setup(2);
    const messages = await queue.receive(2, 0, never);
    queue.failNext("delete", { entries: [{ ok: false, kind: "again", detail: "busy" }] });
    const handles = messages.map(({ handle }) => handle);
    expect(await queue.delete(handles, never)).toEqual([{ ok: false, kind: "again", detail: "busy" }, { ok: true }]);
    expect(queue.deleted.map(({ body }) => body)).toEqual(["1"]);
  });

  test("of a receive gives duplicates, too many, or a damaged body", async () => {
    const { queue } = setup(6);
    queue.failNext("receive", "duplicate");
    const twice = await queue.receive(1, 0, never);
    expect(twice.map(({ id }) => id)).toEqual(["message-1", "message-1"]);
    expect(await queue.delete([twice[1]!.handle], never)).toEqual([{ ok: true }]);
    expect(queue.deleted).toHaveLength(1);
    queue.failNext("receive", { extra: 2 });
    expect(await queue.receive(1, 0, never)).toHaveLength(3);
    queue.failNext("receive", "corrupt");
    expect((await queue.receive(2, 0, never)).map(({ intact }) => intact)).toEqual([false, true]);
  });
});

describe("the queue in memory", () => {
  test("keeps every call with its time", async () => {
    const { queue, clock } = setup(0);
    const poll = queue.receive(3, 20, never);
    await clock.advance(20_000);
    expect(await poll).toEqual([]);
    await queue.changeVisibility([{ handle: "h", seconds: 5 }], never);
    expect(queue.calls).toEqual([
      { operation: "receive", at: 1_000, max: 3, waitSeconds: 20 },
      { operation: "changeVisibility", at: 21_000, changes: [{ handle: "h", seconds: 5 }] },
    ]);
  });

  test("gives in no certain order if it is given chance, each message once", async () => {
    const chances = [0.5, 0, 0.9];
    const queue = new MemoryQueue({ clock: new FakeClock(), random: () => chances.shift()! });
    for (let i = 0; i < 4; i++) queue.send(`${i}`);
    const bodies: string[] = [];
    for (let i = 0; i < 3; i++)
      bodies.push(...(await queue.receive(i === 2 ? 2 : 1, 0, never)).map(({ body }) => body));
    expect(bodies).toEqual(["2", "0", "3", "1"]);
  });

  test("can show a message that somebody holds: received again it is the newer one's, and costs a receive", async () => {
    const { queue } = setup(1);
    const [first] = await queue.receive(1, 0, never);
    const poll = queue.receive(1, 20, never);
    queue.show(first!.id);
    const [second] = await poll;
    expect(second).toMatchObject({ id: first!.id, receiveCount: 2 });
    expect(await queue.delete([first!.handle], never)).toEqual([{ ok: true }]);
    expect(queue.ids()).toEqual([first!.id]);
    queue.show("of no message");
  });

  test("knows of each message that it holds how often it was received and until when it is hidden", async () => {
    const { queue, clock } = setup(1);
    expect(queue.state("message-1")).toMatchObject({ receiveCount: 0, visibleAt: clock.monotonic() });
    const [{ handle }] = (await queue.receive(1, 0, never)) as [ReceivedMessage];
    expect(queue.state("message-1")).toMatchObject({ receiveCount: 1, visibleAt: clock.monotonic() + 30_000 });
    await queue.delete([handle], never);
    expect(queue.state("message-1")).toBeUndefined();
  });

  test("moves a message at the receive after its last, says when, and gives what is behind it in its group", async () => {
    const clock = new FakeClock();
    const queue = new MemoryQueue({ clock, fifo: true, maxReceiveCount: 1 });
    for (const id of ["head", "follower"]) queue.send(id, { id, groupId: "g" });
    expect(await queue.receive(1, 0, never)).toMatchObject([{ id: "head" }]);
    await clock.advance(29_999);
    expect(await queue.receive(1, 0, never)).toEqual([]);
    expect(queue.deadLetters).toEqual([]);
    await clock.advance(1);
    expect(await queue.receive(1, 0, never)).toMatchObject([{ id: "follower", receiveCount: 1 }]);
    expect(queue.deadLetters).toMatchObject([{ id: "head", receiveCount: 1, by: "redrive", at: clock.monotonic() }]);
  });

  test("leaves no timer behind when its polls have ended", async () => {
    const { queue, clock } = setup(1);
    await queue.receive(1, 0, never);
    const polls = [queue.receive(1, 20, never), queue.receive(1, 5, never)];
    await clock.advance(20_000);
    await Promise.all(polls);
    expect([queue.openPolls, clock.timers]).toEqual([0, 0]);
  });
});

describe("the fake clock", () => {
  test("fires timers in the order of their time, and lets promises run between them", async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    clock.setTimer(() => seen.push(`late ${clock.monotonic()}`), 200);
    clock.setTimer(() => {
      void Promise.resolve().then(() => clock.setTimer(() => seen.push(`next ${clock.monotonic()}`), 50));
    }, 100);
    clock.clearTimer(clock.setTimer(() => seen.push("cleared"), 10));
    await clock.advance(200);
    expect(seen).toEqual(["next 1150", "late 1200"]);
    expect(clock.timers).toBe(0);
  });

  test("moves the wall alone, and freezes without firing", async () => {
    const clock = new FakeClock({ wall: 0 });
    clock.jumpWall(-3_600_000);
    expect([clock.monotonic(), clock.wall()]).toEqual([1_000, -3_600_000]);
    let fired = false;
    clock.setTimer(() => {
      fired = true;
    }, 1_000);
    clock.freeze(180_000);
    expect(fired).toBe(false);
    await clock.advance(0);
    expect(fired).toBe(true);
  });
});
