import { describe, expect, test } from "@jest/globals";
import { FakeClock } from "../../../support/fake-clock.js";
import { Gate } from "../../../support/fleet/gate.js";
import { Ledger } from "../../../support/fleet/ledger.js";
import { TaskQueue } from "../../../support/fleet/task-queue.js";
import { TaskRecord } from "../../../support/fleet/task-record.js";
import { MemoryQueue } from "../../../support/memory-queue.js";

const never = new AbortController().signal;

/** @param chance what is drawn whenever chance decides: 0 = the worst, 1 = nothing goes wrong. */
function setup({ chance = 1, lostPercent = 0 } = {}) {
  const clock = new FakeClock();
  const gate = new Gate();
  const ledger = new Ledger(clock);
  const memory = new MemoryQueue({ clock });
  const record = new TaskRecord("task-1", 1, 10_000, 30, ledger, clock);
  const random = () => chance;
  const queue = new TaskQueue({ queue: memory, clock, gate, record, travelMs: 100, lostPercent, random });
  const send = (id: string) => {
    ledger.sent(id, undefined);
    memory.send(id, { id });
  };
  const answered: unknown[] = [];
  const note = (call: Promise<unknown>) =>
    void call.then(
      (answer) => answered.push(answer),
      (error) => answered.push(error),
    );
  return { clock, gate, ledger, memory, queue, record, send, answered, note };
}

describe("the queue as one task reaches it", () => {
  test("takes a request's time, and an answer's: what it hides is hidden in between", async () => {
    const { clock, queue, memory, send, answered, note } = setup();
    send("a");
    note(queue.receive(1, 0, never));
    await clock.advance(99);
    expect(memory.inFlight()).toBe(0);
    await clock.advance(100);
    expect([memory.inFlight(), answered.length]).toEqual([1, 0]);
    await clock.advance(1);
    expect(answered).toMatchObject([[{ id: "a" }]]);
  });

  test("goes on while the task is frozen, which hears the answer when it thaws", async () => {
    const { clock, gate, queue, ledger, send, answered, note } = setup();
    note(queue.receive(1, 20, never));
    gate.freeze();
    await clock.advance(5_000);
    send("a");
    await clock.advance(5_000);
    expect([answered.length, ledger.of("a").receipts[0]]).toMatchObject([0, { at: 6_000, seen: false }]);
    await gate.thaw("answer");
    expect(ledger.of("a").receipts[0]).toMatchObject({ seen: true });
  });

  test("hears nothing of a killed task's any more, and what is on its way to it is lost", async () => {
    const { clock, gate, queue, memory, ledger, send, answered, note } = setup();
    send("a");
    note(queue.receive(1, 0, never));
    await clock.advance(150);
    gate.kill();
    queue.hangUp();
    note(queue.delete(["a#1"], never));
    await clock.advance(1_000);
    expect([answered, memory.ids()]).toEqual([[], ["a"]]);
    expect(ledger.of("a").receipts).toMatchObject([{ seen: false }]);
  });

  test("may notice late that a poll's task is gone, and hand it a message", async () => {
    for (const [chance, inFlight] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { clock, gate, queue, memory, send, note } = setup({ chance });
      note(queue.receive(1, 20, never));
      await clock.advance(1_000);
      gate.kill();
      queue.hangUp();
      send("a");
      await clock.advance(1_000);
      expect(memory.inFlight()).toBe(inFlight);
    }
  });

  test("says of a receive whose call the task gave up that it did", async () => {
    const { clock, queue, ledger, send, answered, note } = setup({ chance: 0 });
    const given = new AbortController();
    note(queue.receive(1, 20, given.signal));
    await clock.advance(1_000);
    given.abort("stopping");
    await clock.advance(1_000);
    send("a");
    await clock.advance(1_000);
    expect(answered).toMatchObject([{ kind: "deadline" }]);
    expect(ledger.of("a").receipts).toMatchObject([{ seen: false, givenUpAt: 2_000 }]);
  });

  test("may lose an answer after its call took effect", async () => {
    const { clock, queue, memory, send, answered, note } = setup({ chance: 0, lostPercent: 1 });
    send("a");
    note(queue.receive(1, 0, never));
    await clock.advance(1_000);
    expect([memory.inFlight(), answered]).toMatchObject([1, [{ kind: "unreachable" }]]);
  });
});
