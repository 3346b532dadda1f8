import { describe, expect, test } from "@jest/globals";
import { QueueError } from "../../../src/pipeline/ports/queue.js";
import { QueueLetterDesk } from "../../../src/worker/letter-desk.js";
import type { OpenedLetters } from "../../../src/worker/opened-letters.js";
import { FakeClock } from "../../support/fake-clock.js";
import { letter, MemoryLetters } from "../../support/memory-letters.js";

class OpenedMemory extends MemoryLetters implements OpenedLetters {
  readonly queue = { url: "http://sqs/1/tasks-dlq" };
  source: OpenedLetters["source"] = { url: "http://sqs/1/tasks", arn: "arn:tasks" };
  closed = 0;
  get count() {
    return this.ids().length;
  }
  close() {
    this.closed++;
  }
}

function setup(...letters: Parameters<typeof letter>[0][]) {
  const queue = new OpenedMemory(letters.map((options) => letter(options)));
  const clock = new FakeClock();
  const desk = new QueueLetterDesk({ open: async () => queue, clock });
  return { queue, clock, desk };
}

const three = [
  { id: "a", reason: "no customer 1" },
  { id: "b", reason: "no customer 2" },
  { id: "c", reason: "no order" },
];

describe("the desk of dead letters", () => {
  test("tells groups and letters, and hides none of them for longer", async () => {
    const { desk, queue } = setup(...three);
    expect(desk.last).toMatchObject({ looking: false, seen: 0 });
    expect(desk.last).not.toHaveProperty("at");
    const look = await desk.look();
    expect(look).toMatchObject({ seen: 3, approximate: 3 });
    expect(look).not.toHaveProperty("trouble");
    expect(look.groups).toMatchObject([
      { reason: "rejected", error: "no customer N", count: 2 },
      { reason: "rejected", error: "no order", count: 1 },
    ]);
    expect(look.letters.map(({ id, body }) => [id, body])).toEqual([
      ["a", "{}"],
      ["b", "{}"],
      ["c", "{}"],
    ]);
    expect([queue.hidden, queue.closed]).toEqual([0, 1]);
  });

  test("looks once for all who ask at the same time, and not again at once", async () => {
    const { desk, queue, clock } = setup(...three);
    await Promise.all([desk.look(), desk.look()]);
    await desk.look();
    expect(queue.closed).toBe(1);
    await clock.advance(2_000);
    await desk.look();
    expect(queue.closed).toBe(2);
  });

  test("sends back those that are named, and says which of them weren't there", async () => {
    const { desk, queue } = setup(...three);
    const { done, left } = await desk.redrive({ ids: ["b", "gone"] });
    expect([done, left]).toEqual([1, [{ id: "gone", reason: "it wasn't found" }]]);
    expect(queue.arrived.map(({ originalId }) => originalId)).toEqual(["b"]);
    expect([queue.ids(), queue.hidden]).toEqual([["a", "c"], 0]);
  });

  test("sends back or deletes a group as it was shown, or all", async () => {
    const { desk, queue } = setup(...three);
    const [group] = (await desk.look()).groups;
    expect(await desk.redrive({ group: { reason: group!.reason, error: group!.error! } })).toEqual({
      done: 2,
      left: [],
    });
    expect(queue.ids()).toEqual(["c"]);
    expect(await desk.delete({ all: true })).toEqual({ done: 1, left: [] });
    expect(queue.ids()).toEqual([]);
    expect(queue.arrived).toHaveLength(2);
  });

  test("sends one back with another body, or leaves it where SQS wouldn't take that", async () => {
    const { desk, queue } = setup(...three);
    expect(await desk.edit({ id: "a", body: "mended" })).toEqual({ done: 1, left: [] });
    expect(queue.arrived).toMatchObject([{ originalId: "a", body: "mended" }]);
    expect(await desk.edit({ id: "b", body: "" })).toEqual({
      done: 0,
      left: [{ id: "b", reason: "the editor made the body empty, and SQS takes none such" }],
    });
    expect(queue.ids()).toEqual(["b", "c"]);
  });

  test("leaves what is refused, with the reason", async () => {
    const { desk, queue } = setup(...three);
    queue.refused.set("a", { ok: false, kind: "refused", detail: "too long" });
    expect(await desk.redrive({ ids: ["a", "b"] })).toEqual({ done: 1, left: [{ id: "a", reason: "too long" }] });
    expect([queue.ids(), queue.hidden]).toEqual([["a", "c"], 0]);
  });

  test("tells why it can't look or act, and rejects nothing", async () => {
    const open = async () => {
      throw new QueueError("fatal", "AccessDenied: the role may not receive from https://u:secretword@sqs/1/q");
    };
    const desk = new QueueLetterDesk({ open, clock: new FakeClock() });
    const { trouble } = await desk.look();
    expect(trouble).toContain("the role may not receive");
    expect(trouble).not.toContain("secretword");
    expect((await desk.delete({ ids: ["a"] })).left).toMatchObject([{ id: "a", reason: trouble }]);
    expect((await desk.redrive({ all: true })).left).toMatchObject([{ id: "", reason: trouble }]);
  });

  test("says where letters belong that came from nobody knows where", async () => {
    const { desk, queue } = setup(...three);
    queue.source = undefined;
    const { done, left } = await desk.redrive({ ids: ["a"] });
    expect(done).toBe(0);
    expect(left[0]!.reason).toContain("use dlq redrive --to");
    expect(queue.ids()).toEqual(["a", "b", "c"]);
  });

  test("shows a body that a terminal would obey as what can't be edited here", async () => {
    const { desk } = setup({ id: "a", body: "\u001b[31mred" }, { id: "b", body: "x".repeat(20_000) });
    const { letters } = await desk.look();
    expect(letters.map(({ bodyCut }) => bodyCut)).toEqual([true, true]);
    expect(letters[1]!.body!.length).toBeLessThan(17_000);
  });
});
