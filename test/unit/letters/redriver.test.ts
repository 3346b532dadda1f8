import { describe, expect, test } from "@jest/globals";
import type { Letter } from "../../../src/aws/sqs/letter.js";
import { eachLetter } from "../../../src/letters/letter-pass.js";
import { Pace } from "../../../src/letters/pace.js";
import { Redriver, type RedriverOptions } from "../../../src/letters/redriver.js";
import { QueueError } from "../../../src/pipeline/ports/queue.js";
import { FakeClock } from "../../support/fake-clock.js";
import { letter, MemoryLetters } from "../../support/memory-letters.js";
import { randomFrom } from "../../support/random.js";

function setup(queue: MemoryLetters, options: Partial<RedriverOptions> = {}) {
  const stop = new AbortController();
  const redriver = new Redriver({
    queue,
    to: "http://localhost/tasks",
    sourceArn: undefined,
    selection: { everything: true, looksInside: false, matches: () => true },
    editor: undefined,
    pace: new Pace(1e9),
    dryRun: false,
    stop: stop.signal,
    startedAt: Date.now(),
    ...options,
  });
  const run = () => eachLetter({ queue, count: queue.ids().length, stop: stop.signal, visit: redriver.visit });
  return { redriver, run, stop, tally: redriver.tally };
}

const letters = (count: number, make: (n: number) => Letter = () => letter()) =>
  Array.from({ length: count }, (_, n) => make(n));

describe("a redrive", () => {
  test("sends all back, with the id that each had at first, and leaves nothing", async () => {
    const queue = new MemoryLetters(letters(137, (n) => letter({ originalId: `first-${n}` })));
    const { run, tally } = setup(queue);
    expect(await run()).toMatchObject({ end: "all", seen: 137, hidden: 0 });
    expect(tally).toMatchObject({ read: 137, matching: 137, redriven: 137, failed: {}, doubled: [] });
    expect(new Set(queue.arrived.map(({ originalId }) => originalId)).size).toBe(137);
    expect(queue.ids()).toEqual([]);
  });

  test("sends back those that match, and shows the others again", async () => {
    const queue = new MemoryLetters(letters(95, (n) => letter({ body: `{"n":${n}}` })));
    const matches = ({ message }: Letter) => JSON.parse(message.body).n % 3 === 0;
    const { run, tally } = setup(queue, { selection: { everything: false, looksInside: false, matches } });
    await run();
    expect(tally).toMatchObject({ read: 95, matching: 32, redriven: 32 });
    expect([queue.ids().length, queue.hidden]).toEqual([63, 0]);
  });

  test("changes nothing in a dry run, and tells how bodies would look", async () => {
    const queue = new MemoryLetters(letters(12, () => letter({ body: "old" })));
    const { run, tally } = setup(queue, { dryRun: true, editor: async () => ({ body: "new" }) });
    await run();
    expect(tally).toMatchObject({ redriven: 12, edited: 12 });
    expect(tally.samples).toHaveLength(3);
    expect(tally.samples[0]).toMatchObject({ before: "old", after: "new" });
    expect([queue.ids().length, queue.hidden, queue.arrived.length]).toEqual([12, 0, 0]);
    expect(queue.calls).not.toContain("sendBack");
  });

  test("leaves what came damaged, and names it", async () => {
    const queue = new MemoryLetters(letters(3));
    const one = queue.ids()[1]!;
    const receive = queue.receive.bind(queue);
    queue.receive = async (...given) =>
      (await receive(...given)).map((made) =>
        made.message.id === one ? { ...made, message: { ...made.message, intact: false, damage: "bad MD5" } } : made,
      );
    const { run, tally } = setup(queue);
    await run();
    expect(tally).toMatchObject({ matching: 3, redriven: 2, failed: { "bad MD5": 1 }, left: { "bad MD5": [one] } });
    expect([queue.ids(), queue.hidden]).toEqual([[one], 0]);
  });

  test("sends mended bodies; what the editor leaves stays", async () => {
    const queue = new MemoryLetters(letters(20, (n) => letter({ body: String(n) })));
    const { run, tally } = setup(queue, {
      editor: async ({ message }) =>
        Number(message.body) % 2 ? { leave: "odd" } : { body: message.body === "0" ? "0" : `${message.body}!` },
    });
    await run();
    expect(tally).toMatchObject({ redriven: 10, edited: 9, failed: { odd: 10 } });
    expect(new Set(tally.left.odd)).toEqual(new Set(queue.ids()));
    expect(queue.arrived.map(({ body }) => body).sort()).toEqual(
      ["0", "2!", "4!", "6!", "8!", "10!", "12!", "14!", "16!", "18!"].sort(),
    );
    expect([queue.ids().length, queue.hidden]).toEqual([10, 0]);
  });

  test("keeps here what SQS refuses", async () => {
    const queue = new MemoryLetters(letters(10, (n) => letter({ id: `id-${n}` })));
    queue.refused.set("id-3", { ok: false, kind: "refused", detail: "too large" });
    const { run, tally } = setup(queue);
    await run();
    expect(tally).toMatchObject({ redriven: 9, failed: { "too large": 1 } });
    expect([queue.ids(), queue.hidden]).toEqual([["id-3"], 0]);
  });

  test("doesn't chase what fails again meanwhile", async () => {
    const queue = new MemoryLetters(letters(10));
    const { run, tally } = setup(queue);
    let again = 0;
    queue.onCall = (operation, phase) => {
      if (operation === "sendBack" && phase === "after" && again++ < 50) {
        const { originalId } = queue.arrived.at(-1)!;
        // One as SQS's clock has it, one as a machine with a late clock sees it.
        queue.add(letter({ originalId, sentAt: Date.now() + 1_000 }));
        queue.add(letter({ originalId, sentAt: Date.now() - 1_000 }));
      }
    };
    await run();
    expect(tally).toMatchObject({ redriven: 10, newer: 2 });
    expect([queue.ids().length, queue.hidden]).toEqual([2, 0]);
  });

  test("leaves what SQS moved from another queue", async () => {
    const queue = new MemoryLetters([
      letter({ sourceArn: "a" }),
      letter({ sourceArn: "b" }),
      letter({ reason: "bad" }),
    ]);
    const { run, tally } = setup(queue, { sourceArn: "a" });
    await run();
    expect(tally).toMatchObject({ redriven: 2, foreign: 1 });
  });

  test("keeps the order of FIFO groups: one that is refused is not overtaken in its batch", async () => {
    const queue = new MemoryLetters(
      letters(12, (n) => letter({ id: `id-${n}`, body: String(n), groupId: `g${n % 3}` })),
      true,
    );
    const { run } = setup(queue);
    await run();
    for (const group of ["g0", "g1", "g2"]) {
      const order = queue.arrived.filter(({ groupId }) => groupId === group).map(({ body }) => Number(body));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
    expect(queue.arrived).toHaveLength(12);
  });

  test("ends when it is told to, after what is under way, and shows the rest again", async () => {
    const queue = new MemoryLetters(letters(500));
    const { run, stop, tally } = setup(queue);
    queue.onCall = (operation) => {
      if (operation === "sendBack" && queue.calls.filter((call) => call === "sendBack").length >= 5) stop.abort();
    };
    expect(await run()).toMatchObject({ end: "stopped", hidden: 0 });
    expect(tally.redriven).toBeLessThan(500);
    expect([queue.arrived.length, queue.ids().length]).toEqual([tally.redriven, 500 - tally.redriven]);
    expect(queue.hidden).toBe(0);
  });

  test("tells what is both here and there when a delete fails, and ends with the failure", async () => {
    const queue = new MemoryLetters(letters(5));
    queue.onCall = (operation) => {
      if (operation === "delete") throw new QueueError("fatal", "AccessDenied");
    };
    const { run, tally } = setup(queue);
    await expect(run()).rejects.toThrow("AccessDenied");
    expect(tally.doubled).toHaveLength(5);
    expect([queue.arrived.length, queue.ids().length, queue.hidden]).toEqual([5, 5, 0]);
  });

  test("whose process dies between any two steps loses nothing, and what is doubled has one id", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomFrom(seed);
      const count = 1 + Math.floor(random() * 40);
      const queue = new MemoryLetters(
        letters(count, (n) => letter({ originalId: `first-${n}` })),
        random() < 0.3,
      );
      let left = Math.floor(random() * 30);
      let dead = false;
      queue.onCall = () => {
        if (dead || left-- <= 0) {
          dead = true;
          throw new Error("killed");
        }
      };
      await setup(queue)
        .run()
        .catch(() => {});
      queue.onCall = undefined;
      // Here or there: nothing is in neither place.
      const here = queue.ids().length;
      const there = new Set(queue.arrived.map(({ originalId }) => originalId)).size;
      expect({ seed, lost: here + there >= count ? 0 : count - here - there }).toEqual({ seed, lost: 0 });
      queue.showAll();
      const { tally, run } = setup(queue);
      await run();
      expect({ seed, redriven: tally.redriven, left: queue.ids() }).toEqual({ seed, redriven: here, left: [] });
      const ids = new Set(queue.arrived.map(({ originalId }) => originalId));
      expect({ seed, ids: ids.size }).toEqual({ seed, ids: count });
    }
  });
});

describe("the pace of a redrive", () => {
  test("is kept by all lanes together", async () => {
    const clock = new FakeClock();
    const pace = new Pace(50, clock);
    const never = new AbortController().signal;
    let through = 0;
    const lane = async () => {
      for (let n = 0; n < 20; n++) {
        await pace.take(10, never);
        through += 10;
      }
    };
    void lane();
    void lane();
    await clock.advance(0);
    expect(through).toBe(10);
    await clock.advance(1_000);
    expect(through).toBe(60);
    await clock.advance(4_000);
    expect(through).toBe(260);
  });
});
