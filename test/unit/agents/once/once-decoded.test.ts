import { describe, expect, test } from "@jest/globals";
import type { HandlerDefinition } from "../../../../src/agents/define-handler.js";
import { eventBridge } from "../../../../src/agents/events/event-bridge.js";
import { snsBody } from "../../../../src/agents/events/sns-body.js";
import { busEvent, notification } from "../../../support/envelopes.js";
import { MemoryIdempotency } from "../../../support/memory-idempotency.js";
import { workerBundle } from "../../../support/worker-bundle.js";

/** A worker on orders, told what was sent and how each ended. */
async function ends(
  bodies: readonly string[],
  env: Record<string, string>,
  definition: Partial<HandlerDefinition> = {},
): Promise<{
  readonly runs: unknown[];
  readonly outcomes: string[];
  readonly reasons: string[];
  readonly keys: string[];
}> {
  const runs: unknown[] = [];
  const idempotencyTable = new MemoryIdempotency();
  const agent = { ...definition, handle: ({ body }: { body: unknown }) => void runs.push(body) };
  const { queue, clock, stopped, of, start } = workerBundle({
    agent,
    idempotencyTable,
    env: { POLL_INTERVAL_SECONDS: "1", ...env },
  });
  void start();
  for (const body of bodies) {
    queue.send(body);
    await clock.advance(2_000);
  }
  await stopped();
  const settled = of("settled");
  return {
    runs,
    outcomes: settled.map(({ outcome }) => outcome),
    reasons: settled.flatMap(({ cause }) => (cause === undefined ? [] : String(cause))),
    keys: [...idempotencyTable.items.keys()],
  };
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
const fromBase64 = (raw: string) => JSON.parse(Buffer.from(raw, "base64").toString());

describe("The same order, sent twice", () => {
  test.each<[string, string, string, Partial<HandlerDefinition>, string]>([
    ["written with other blanks and order", '{"id":"7","n":1}', '{ "n": 1, "id": "7" }', {}, "body:/id"],
    [
      "through a topic",
      notification('{"id":"7"}'),
      notification('{"id":"7"}', { n: 2 }),
      { decode: snsBody },
      "body:/id",
    ],
    [
      "through a topic, known by its subject",
      notification('{"a":1}', { Subject: "7" }),
      notification('{"a":1}', { n: 2, Subject: "7" }),
      { decode: snsBody },
      "body:/Subject",
    ],
    [
      "through EventBridge",
      busEvent({ id: "7" }),
      busEvent({ id: "7" }, { n: 2 }),
      { decode: eventBridge },
      "body:/detail/id",
    ],
    ["as base64", base64({ id: "7", n: 1 }), base64({ n: 1, id: "7" }), { decode: fromBase64 }, "body:/id"],
  ])("%s, is a duplicate", async (_, one, other, definition, key) => {
    const { runs, outcomes, reasons, keys } = await ends([one, other], { IDEMPOTENCY_KEY: key }, definition);
    expect({ runs: runs.length, outcomes, reasons }).toEqual({ runs: 1, outcomes: ["done", "done"], reasons: [] });
    expect(keys).toEqual(["tasks/7"]);
  });

  test.each<[string, string, string, Partial<HandlerDefinition>, string]>([
    ["as it is", '{"id":"7","n":1}', '{"id":"7","n":2}', {}, "body:/id"],
    [
      "through a topic",
      notification('{"id":"7","n":1}'),
      notification('{"id":"7","n":2}'),
      { decode: snsBody },
      "body:/id",
    ],
    [
      "through EventBridge",
      busEvent({ id: "7", n: 1 }),
      busEvent({ id: "7", n: 2 }),
      { decode: eventBridge },
      "body:/detail/id",
    ],
    ["as base64", base64({ id: "7", n: 1 }), base64({ id: "7", n: 2 }), { decode: fromBase64 }, "body:/id"],
  ])("%s, with another amount is rejected", async (_, one, other, definition, key) => {
    const { runs, reasons } = await ends([one, other], { IDEMPOTENCY_KEY: key }, definition);
    expect(runs).toHaveLength(1);
    expect(reasons).toEqual(["the idempotency key was used with another payload"]);
  });

  test("is one order where what differs isn't what counts", async () => {
    const sent = (at: number) => JSON.stringify({ id: "7", order: { amount: 5 }, sentAt: at });
    const env = { IDEMPOTENCY_KEY: "body:/id", IDEMPOTENCY_PAYLOAD: "body:/order" };
    const { runs, outcomes } = await ends([sent(1), sent(2)], env);
    expect([runs.length, outcomes]).toEqual([1, ["done", "done"]]);
  });
});

describe("A decoder before a key", () => {
  const env = { IDEMPOTENCY_KEY: "body:/id" };

  test("runs once a delivery", async () => {
    let decoded = 0;
    const decode = (raw: string) => {
      decoded++;
      return fromBase64(raw);
    };
    const { runs } = await ends([base64({ id: "7" })], env, { decode });
    expect([decoded, runs]).toEqual([1, [{ id: "7" }]]);
  });

  test("that fails rejects the message, and claims nothing", async () => {
    const { runs, reasons, keys } = await ends(["{"], env, { decode: (raw) => JSON.parse(raw) });
    expect([runs, keys]).toEqual([[], []]);
    expect(reasons).toEqual([expect.stringContaining("the body can't be decoded: ")]);
  });

  test("leaves the message without a key where the key is in neither", async () => {
    const { reasons } = await ends([notification('{"a":1}')], env, { decode: snsBody });
    expect(reasons).toEqual(["no idempotency key: /id in the body is no string and no safe number"]);
  });
});
