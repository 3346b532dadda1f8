import { describe, expect, test } from "@jest/globals";
import type { OutgoingMessage, SendResult } from "../../../../src/aws/sqs/sqs-producer.js";
import { type Outgoing, sendAll } from "../../../../src/cli/send/send-all.js";
import { QueueError } from "../../../../src/pipeline/ports/queue.js";

async function* numbers(count: number): AsyncGenerator<Outgoing> {
  for (let n = 1; n <= count; n++) yield { line: n, message: { body: String(n) } };
}

/** Takes everything but the bodies in `refused`; remembers the batches. */
function sender(refused: readonly string[] = [], fail?: (batch: number) => Error | undefined) {
  const batches: string[][] = [];
  let underWay = 0;
  let most = 0;
  return {
    batches,
    most: () => most,
    async send(messages: readonly OutgoingMessage[]): Promise<SendResult[]> {
      batches.push(messages.map(({ body }) => body));
      const error = fail?.(batches.length);
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      underWay--;
      if (error) throw error;
      return messages.map(({ body }) =>
        refused.includes(body) ? { ok: false, detail: "refused" } : { ok: true, id: `id-${body}` },
      );
    },
  };
}

const never = new AbortController().signal;

describe("Sending many", () => {
  test("goes in batches of ten, several at once but not all", async () => {
    const to = sender();
    const tally = await sendAll(to, numbers(1_005), never);
    expect(tally).toMatchObject({ sent: 1_005, failed: 0, faults: {} });
    expect(to.batches.map(({ length }) => length)).toEqual([...Array(100).fill(10), 5]);
    expect(to.most()).toBeGreaterThan(1);
    expect(to.most()).toBeLessThanOrEqual(16);
    expect(tally.messageIds).toHaveLength(100);
  });

  test("counts what failed by its cause, and names it", async () => {
    const tally = await sendAll(sender(["3", "12"]), numbers(15), never);
    expect(tally).toMatchObject({ sent: 13, failed: 2, faults: { refused: 2 }, lastLine: 15, end: { kind: "all" } });
    expect(tally.failures).toEqual([
      { line: 3, detail: "refused" },
      { line: 12, detail: "refused" },
    ]);
  });

  test("leaves out what no message can be made of, and sends all others in full batches", async () => {
    async function* some(): AsyncGenerator<Outgoing> {
      for await (const one of numbers(25)) yield one.line % 4 === 0 ? { line: one.line, fault: "bad" } : one;
    }
    const to = sender();
    const tally = await sendAll(to, some(), never);
    expect(tally).toMatchObject({ sent: 19, failed: 6, faults: { bad: 6 } });
    expect(tally.failures.map(({ line }) => line)).toEqual([4, 8, 12, 16, 20, 24]);
    expect(to.batches.map(({ length }) => length)).toEqual([10, 9]);
  });

  test("names a thousand of those that failed at most", async () => {
    async function* bad(): AsyncGenerator<Outgoing> {
      for (let line = 1; line <= 2_500; line++) yield { line, fault: "bad" };
    }
    const { failed, failures } = await sendAll(sender(), bad(), never);
    expect([failed, failures.length]).toEqual([2_500, 1_000]);
  });

  test("keeps the order, where that is asked for, by one batch after the other", async () => {
    const to = sender();
    await sendAll(to, numbers(95), never, { inOrder: true });
    expect(to.most()).toBe(1);
  });

  test("sends nothing of nothing", async () => {
    expect(await sendAll(sender(), numbers(0), never)).toMatchObject({ sent: 0, failed: 0 });
  });

  test("ends soon when the queue is gone, and tells what was sent by then", async () => {
    const error = new QueueError("fatal", "SendMessageBatch: QueueDoesNotExist");
    const to = sender([], (batch) => (batch > 3 ? error : undefined));
    const { sent, failed, lastLine, end } = await sendAll(to, numbers(100_000), never);
    expect(end).toEqual({ kind: "failed", error });
    expect(sent).toBe(30);
    expect(sent + failed).toBe(lastLine);
    expect(to.batches.length).toBeLessThan(100);
  });

  test("keeps to a pace, in batches that are small where it is slow", async () => {
    const to = sender();
    const taken: number[] = [];
    const pace = { take: async (count: number) => void taken.push(count) };
    const ended: number[] = [];
    await sendAll(to, numbers(7), never, { pace, batchMax: 3, onProgress: (count) => ended.push(count) });
    expect(taken).toEqual([3, 3, 1]);
    expect(to.batches).toEqual([["1", "2", "3"], ["4", "5", "6"], ["7"]]);
    expect(ended).toEqual([3, 6, 7]);
  });

  test("sends what came before, when there is no more to be had", async () => {
    const to = sender();
    const error = new Error("the file is gone");
    async function* broken() {
      yield* numbers(15);
      throw error;
    }
    const tally = await sendAll(to, broken(), never);
    expect(tally).toMatchObject({ sent: 15, failed: 0, lastLine: 15, end: { kind: "failed", error } });
  });

  test("takes no more once it is told to stop, and awaits what is on its way", async () => {
    const stop = new AbortController();
    const to = sender([], (batch) => {
      if (batch === 3) stop.abort();
      return undefined;
    });
    const { sent, failed, lastLine, end } = await sendAll(to, numbers(100_000), stop.signal);
    expect([sent, failed, lastLine, end]).toEqual([to.batches.length * 10, 0, sent, { kind: "interrupted" }]);
    expect(sent).toBeLessThan(1_000);
  });
});
