import { expect, jest, test } from "@jest/globals";
import { estimated } from "../../../../src/agents/module/estimated.js";
import type { ReceivedMessage } from "../../../../src/pipeline/ports/queue.js";

const message = { id: "a", body: "{}" } as ReceivedMessage;

async function of(use: () => unknown) {
  const take = jest.fn(async (name: string, amount: number) => {
    if (amount > 100) throw new RangeError(`${amount} is more than the whole budget ${name} of 100`);
  });
  const outcome = await estimated({ calls: 1, tokens: use as () => number }, message, { take });
  return { outcome, took: take.mock.calls };
}

test("takes what the agent's functions say, and nothing for 0 and undefined", async () => {
  expect(await of(() => 20)).toEqual({ outcome: undefined, took: [["tokens", 20]] });
  expect(await of(() => 0)).toEqual({ outcome: undefined, took: [] });
  expect(await of(() => undefined)).toEqual({ outcome: undefined, took: [] });
});

test("only more than the whole budget is a rejection", async () => {
  const reason = "101 is more than the whole budget tokens of 100";
  expect(await of(() => 101)).toMatchObject({ outcome: { kind: "reject", reason } });
});

test.each([
  ["can't be below 0, got -5", () => -5],
  ["must be a number, got NaN", () => Number.NaN],
  ["must be a number, got string", () => "7"],
  ["Invalid array length", () => new Array(-1).length],
])("a function that is at fault is a retry: %s", async (text, use) => {
  const { outcome, took } = await of(use);
  expect(outcome).toMatchObject({ kind: "retry", error: { message: expect.stringContaining(text) } });
  expect(took).toEqual([]);
});
