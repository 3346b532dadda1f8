import { describe, expect, test } from "@jest/globals";
import type { OutgoingMessage, SendResult } from "../../../src/aws/sqs-producer.js";
import { sendAll } from "../../../src/cli/send/send-all.js";
import { QueueError } from "../../../src/pipeline/queue.js";

async function* numbers(count: number): AsyncGenerator<OutgoingMessage> {
  for (let n = 1; n <= count; n++) yield { body: String(n) };
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

  test("counts what failed by its cause", async () => {
    const tally = await sendAll(sender(["3", "12"]), numbers(15), never);
    expect(tally).toMatchObject({ sent: 13, failed: 2, faults: { refused: 2 } });
  });

  test("sends nothing of nothing", async () => {
    expect(await sendAll(sender(), numbers(0), never)).toMatchObject({ sent: 0, failed: 0 });
  });

  test("ends soon when the queue is gone, with exit code 69", async () => {
    const to = sender([], () => new QueueError("fatal", "SendMessageBatch: QueueDoesNotExist"));
    await expect(sendAll(to, numbers(100_000), never)).rejects.toMatchObject({
      message: "SendMessageBatch: QueueDoesNotExist",
      exitCode: 69,
    });
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

  test("awaits what is on its way when there is no more to be had", async () => {
    const to = sender();
    async function* broken() {
      yield* numbers(15);
      throw new Error("line 16 is bad");
    }
    let ended = 0;
    const onProgress = (count: number) => {
      ended = count;
    };
    await expect(sendAll(to, broken(), never, { onProgress })).rejects.toThrow("line 16 is bad");
    expect(ended).toBe(10);
  });

  test("takes no more once it is told to stop, and awaits what is on its way", async () => {
    const stop = new AbortController();
    const to = sender([], (batch) => {
      if (batch === 3) stop.abort();
      return undefined;
    });
    const { sent } = await sendAll(to, numbers(100_000), stop.signal);
    expect(sent).toBe(to.batches.length * 10);
    expect(sent).toBeLessThan(1_000);
  });
});
