import { describe, expect, test } from "@jest/globals";
import { Retry } from "../../../../src/pipeline/ports/outcome.js";
import { lastErrorIn } from "../../../../src/pipeline/settle/dead-letter-marks.js";
import { type WorkerBundleOptions, workerBundle } from "../../../support/worker-bundle.js";

function setup(options: WorkerBundleOptions = {}) {
  const bundle = workerBundle({
    agent: ({ receiveCount }) => {
      throw new TypeError(`no such thing, for the time ${receiveCount}`);
    },
    env: { RETRY_BACKOFF_SECONDS: "1,1", POLL_INTERVAL_SECONDS: "1" },
    ...options,
    queue: { maxReceiveCount: 3, tellsMaxReceiveCount: true, ...options.queue },
  });
  void bundle.start();
  return bundle;
}

describe("a message that has failed as often as its queue allows", () => {
  test("goes to the dead letters with its agent's last error, at once", async () => {
    const { queue, clock, of, stopped } = setup();
    queue.send("poison");
    await clock.advance(6_000);
    expect(queue.deadLetters).toMatchObject([
      {
        body: "poison",
        by: "copy",
        receiveCount: 3,
        reason: "gave up after 3 receives: TypeError: no such thing, for the time 3",
      },
    ]);
    expect(lastErrorIn(queue.deadLetters[0]!.reason!)).toBe("TypeError: no such thing, for the time 3");
    expect(queue.ids()).toEqual([]);
    expect(of("settled").map(({ outcome, certain, deadLettered }) => [outcome, certain, deadLettered])).toEqual([
      ["retry", true, undefined],
      ["retry", true, undefined],
      ["retry", true, true],
    ]);
    expect((await stopped()).summary).toMatchObject({ deadLettered: 1, gone: 1, settled: { retry: 3 } });
  });

  test("also when its agent would have it tried later", async () => {
    const { queue, clock, stopped } = setup({
      agent: () => {
        throw new Retry(1, "busy");
      },
    });
    queue.send("poison");
    await clock.advance(6_000);
    expect(queue.deadLetters).toMatchObject([{ by: "copy", reason: "gave up after 3 receives: Retry: busy" }]);
    await stopped();
  });

  test("is left to SQS when the dead-letter queue refuses it, and so are those after it", async () => {
    const { queue, clock, of, stopped } = setup();
    queue.failNext("copyToDeadLetters", { entries: [{ ok: false, kind: "refused", detail: "AccessDenied" }] });
    queue.send("poison");
    await clock.advance(10_000);
    queue.send("poison too");
    await clock.advance(10_000);
    expect(queue.deadLetters.map(({ by }) => by)).toEqual(["redrive", "redrive"]);
    expect(queue.calls.filter(({ operation }) => operation === "copyToDeadLetters")).toHaveLength(1);
    expect(of("warning")).toEqual([]);
    await stopped();
  });

  test("is not copied when its body came damaged", async () => {
    const { queue, clock, stopped } = setup({ queue: { maxReceiveCount: 1 } });
    queue.failNext("receive", "corrupt");
    queue.send("poison");
    await clock.advance(200_000);
    expect(queue.deadLetters).toMatchObject([{ by: "redrive" }]);
    await stopped();
  });

  test("in a FIFO group lets its followers go on, in order", async () => {
    const done: unknown[] = [];
    const { queue, clock, stopped } = setup({
      queue: { fifo: true },
      // Followers that come along with a head that fails are released, which is a receive of theirs as well.
      env: { MAX_MESSAGES: "1", CONCURRENCY: "1", RETRY_BACKOFF_SECONDS: "1,1", POLL_INTERVAL_SECONDS: "1" },
      agent: ({ body }) => {
        if (body === 0) throw new Error("bad");
        done.push(body);
      },
    });
    for (let n = 0; n < 5; n++) queue.send(String(n), { groupId: "g", deduplicationId: String(n) });
    await clock.advance(30_000);
    expect(queue.deadLetters).toMatchObject([{ body: "0", by: "copy" }]);
    expect(done).toEqual([1, 2, 3, 4]);
    await stopped();
  });

  test("is SQS's own business while nobody knows how often that is", async () => {
    const { queue, clock, stopped } = setup({ queue: { tellsMaxReceiveCount: false } });
    queue.send("poison");
    await clock.advance(10_000);
    expect(queue.deadLetters).toMatchObject([{ by: "redrive" }]);
    await stopped();
  });
});
