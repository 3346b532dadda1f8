import { describe, expect, test } from "@jest/globals";
import { FakeClock } from "../../../support/fake-clock.js";
import { climateOf } from "../../../support/fleet/climate.js";
import { judge } from "../../../support/fleet/judge.js";
import { Ledger } from "../../../support/fleet/ledger.js";
import { storyOf } from "../../../support/fleet/story.js";
import { TaskRecord } from "../../../support/fleet/task-record.js";
import { Witness } from "../../../support/fleet/witness.js";
import { MemoryQueue } from "../../../support/memory-queue.js";

const never = new AbortController().signal;
const VISIBILITY_SECONDS = 30;

/** A queue with messages, and tasks whose deeds a test writes down itself. */
function setup({ fifo = false, maxReceiveCount = 2, messages = 1 } = {}) {
  const clock = new FakeClock();
  const ledger = new Ledger(clock);
  const queue = new MemoryQueue({ clock, fifo, maxReceiveCount, visibilityTimeoutSeconds: VISIBILITY_SECONDS });
  const idle = new Set<string>();
  const witness = new Witness(queue, clock, ledger, (task) => !idle.has(task));
  const tasks: TaskRecord[] = [];
  const startedAt = clock.monotonic();
  for (let n = 0; n < messages; n++) {
    ledger.sent(`m${n}`, fifo ? "g" : undefined);
    queue.send("{}", { id: `m${n}`, ...(fifo && { groupId: "g" }) });
  }
  const task = (budgetMs = 10_000) => {
    const record = new TaskRecord(`task-${tasks.length + 1}`, 1, budgetMs, VISIBILITY_SECONDS, ledger, clock);
    tasks.push(record);
    const receive = async () => {
      const taken = await queue.receive(1, 0, never);
      for (const { id, receiveCount } of taken) {
        record.received(id, receiveCount);
        record.saw(id, receiveCount);
      }
    };
    const giveBack = async (id: string, count: number) => {
      await queue.changeVisibility([{ handle: `${id}#${count}`, seconds: 0 }], never);
      record.hidden(id, count, 0);
    };
    const begin = (id: string) => {
      witness.begins(record, id);
      return record.started(id);
    };
    const remove = async (id: string, count: number) => {
      await queue.delete([`${id}#${count}`], never);
      record.deleted(id, count);
    };
    return { record, receive, giveBack, begin, remove };
  };
  const remains = () => ({
    climate: { ...climateOf(1), maxReceiveCount, lostPercent: 0 },
    queue,
    ledger,
    tasks,
    witnessed: witness.violations(),
    startedAt,
  });
  const kinds = () => judge(remains()).map(({ kind }) => kind);
  return { clock, queue, ledger, task, idle, remains, kinds };
}

describe("the judge of a fleet", () => {
  test("finds nothing in a message that ran and was deleted", async () => {
    const { task, kinds } = setup();
    const { record, receive, begin, remove } = task();
    await receive();
    record.ended("m0", begin("m0"), "done");
    await remove("m0", 1);
    expect(kinds()).toEqual([]);
  });

  test("tells of a message that became a dead letter by being given back, with its story", async () => {
    const { clock, task, queue, remains } = setup();
    const { receive, giveBack } = task();
    for (const count of [1, 2]) {
      await receive();
      await clock.advance(1_000);
      await giveBack("m0", count);
    }
    await queue.receive(1, 0, never);
    const [violation] = judge(remains());
    expect(storyOf(remains(), violation!).split("\n")).toEqual([
      "seed 1: m0: dead without a run: dead after 0 of 2 tries; its receives: given back 2",
      "     0.000 s  sent",
      "     0.000 s  task-1 receive 1",
      "     1.000 s  task-1 gives back",
      "     1.000 s  task-1 receive 2",
      "     2.000 s  task-1 gives back",
      "     2.000 s  moved to the dead letters by the queue",
    ]);
  });

  test("counts tries: one that a kill or a freeze took from a message is no fault, a run that was deferred is none", async () => {
    for (const [spend, found] of [
      ["killed", []],
      ["frozen", []],
      ["deferred", ["dead too soon"]],
    ] as const) {
      const { clock, task, queue, kinds } = setup();
      const first = task();
      await first.receive();
      if (spend === "killed") first.record.killed();
      if (spend === "frozen") first.record.frozen();
      if (spend === "deferred") first.record.ended("m0", first.begin("m0"), "deferred");
      await clock.advance(VISIBILITY_SECONDS * 1000);
      if (spend === "frozen") first.record.thawed(() => true);
      const second = task();
      await second.receive();
      second.record.ended("m0", second.begin("m0"), "failed");
      await clock.advance(VISIBILITY_SECONDS * 1000);
      await queue.receive(1, 0, never);
      expect([spend, kinds()]).toEqual([spend, found]);
    }
  });

  test("lets a stop give back once what it can't work off in half of its budget, and nothing else", async () => {
    for (const [agentMs, found] of [
      [4_000, []],
      [100, ["dead too soon"]],
    ] as const) {
      const { clock, task, queue, kinds } = setup({ messages: 2 });
      const first = task(10_000);
      await first.receive();
      await first.receive();
      const run = first.begin("m0");
      await clock.advance(agentMs);
      first.record.stopped();
      first.record.ended("m0", run, "done");
      await first.remove("m0", 1);
      await first.giveBack("m1", 1);
      first.record.exited(0, () => false);
      const second = task();
      await second.receive();
      second.record.ended("m1", second.begin("m1"), "failed");
      await clock.advance(VISIBILITY_SECONDS * 1000);
      await queue.receive(1, 0, never);
      expect([agentMs, kinds()]).toEqual([agentMs, found]);
    }
  });

  test("tells of a body that was deleted though nothing ended well", async () => {
    const { task, kinds } = setup();
    const { record, receive, begin, remove } = task();
    await receive();
    record.ended("m0", begin("m0"), "failed");
    await remove("m0", 1);
    expect(kinds()).toEqual(["deleted without an end"]);
  });

  test("tells of two runs at once, and of a start on a lease that is over", async () => {
    const { clock, task, idle, kinds } = setup();
    const [first, second] = [task(), task()];
    await first.receive();
    const run = first.begin("m0");
    await clock.advance(VISIBILITY_SECONDS * 1000);
    await second.receive();
    second.begin("m0");
    first.record.ended("m0", run, "aborted");
    idle.add("task-2");
    first.begin("m0");
    expect(kinds()).toEqual(["overlap", "started without a lease", "left lying"]);
  });

  test("tells of a follower that starts before its head has ended well", async () => {
    const { clock, task, queue, kinds } = setup({ fifo: true, messages: 2 });
    const { record, begin } = task();
    for (const { id } of await queue.receive(2, 0, never)) {
      record.received(id, 1);
      record.saw(id, 1);
    }
    record.ended("m0", begin("m0"), "failed");
    await clock.advance(1);
    begin("m1");
    await clock.advance(1);
    begin("m0");
    expect(kinds()).toEqual(["out of order", "left lying", "left lying"]);
  });

  test("lets a follower start once its head's last try has failed, before the dead letter has arrived", async () => {
    const { clock, task, queue, kinds } = setup({ fifo: true, messages: 2, maxReceiveCount: 1 });
    const { record, begin, remove } = task();
    const taken = await queue.receive(2, 0, never);
    for (const { id } of taken) {
      record.received(id, 1);
      record.saw(id, 1);
    }
    record.ended("m0", begin("m0"), "failed");
    record.ended("m1", begin("m1"), "done");
    await clock.advance(1);
    await queue.copyToDeadLetters!([{ message: taken[0]!, reason: "failed" }], never);
    for (const id of ["m0", "m1"]) await remove(id, 1);
    expect(kinds()).toEqual([]);
  });

  test("tells of what has ended well and runs again, unless its end may have got lost", async () => {
    for (const [killed, found] of [
      [false, ["ran again after its end"]],
      [true, []],
    ] as const) {
      const { clock, task, kinds } = setup();
      const [first, second] = [task(), task()];
      await first.receive();
      first.record.ended("m0", first.begin("m0"), "done");
      if (killed) first.record.killed();
      await clock.advance(VISIBILITY_SECONDS * 1000);
      await second.receive();
      second.record.ended("m0", second.begin("m0"), "done");
      await second.remove("m0", 2);
      expect([killed, kinds()]).toEqual([killed, found]);
    }
  });

  test("tells of a stop that takes longer than its budget, and of what it leaves hidden", async () => {
    const { clock, task, kinds } = setup();
    const { record, receive } = task(10_000);
    await receive();
    record.stopped();
    await clock.advance(12_000);
    record.exited(0, () => true);
    expect(kinds()).toEqual(["left lying", "hidden after a stop", "late stop"]);
  });

  test("tells of a message that is nowhere", () => {
    const { ledger, kinds } = setup();
    ledger.sent("m9", undefined);
    expect(kinds()).toEqual(["left lying", "vanished"]);
  });
});
