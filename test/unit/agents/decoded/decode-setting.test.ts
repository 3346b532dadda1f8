import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { decodeAs } from "../../../../src/agents/decoded/decode-as.js";
import type { Agent, AgentFunction } from "../../../../src/agents/define-handler.js";
import type { Message } from "../../../../src/agents/message.js";
import { busEvent, notification } from "../../../support/envelopes.js";
import { MemoryIdempotency } from "../../../support/memory-idempotency.js";
import { base64, text } from "../../../support/producers/producer-message.js";
import { celeryTask } from "../../../support/producers/python.js";
import { workerBundle } from "../../../support/worker-bundle.js";

/** A worker with DECODE as given, and the messages that its agent has seen. */
function setup(env: Record<string, string>, agentOf: (seen: AgentFunction) => Agent = (seen) => seen) {
  const seen: Message[] = [];
  const idempotencyTable = env.IDEMPOTENCY_KEY === undefined ? undefined : new MemoryIdempotency();
  const bundle = workerBundle({
    agent: agentOf((message) => void seen.push(message)),
    env: { POLL_INTERVAL_SECONDS: "1", ...env },
    ...(idempotencyTable && { idempotencyTable }),
  });
  void bundle.start();
  const causes = () => bundle.of("settled").flatMap(({ cause }) => (cause === undefined ? [] : [String(cause)]));
  return { ...bundle, seen, causes, table: idempotencyTable };
}

describe("With DECODE", () => {
  test("an agent sees what is inside, and what was sent as raw", async () => {
    const { queue, clock, seen, stopped } = setup({ DECODE: "auto" });
    const bodies = [notification('{"id":7}'), '{"id":8}', "text"];
    for (const body of bodies) queue.send(body);
    await clock.advance(2_000);
    await stopped();
    expect(seen.map(({ body }) => body)).toEqual([{ id: 7 }, { id: 8 }, "text"]);
    expect(seen.map(({ raw }) => raw)).toEqual(bodies);
  });

  test("bytes are bytes", async () => {
    const { queue, clock, seen, stopped } = setup({ DECODE: "jms" });
    queue.send(base64(new Uint8Array([0, 255])), { attributes: new Map([["JMS_SQSMessageType", text("byte")]]) });
    await clock.advance(2_000);
    await stopped();
    expect(Uint8Array.from(seen[0]!.body as Uint8Array)).toEqual(new Uint8Array([0, 255]));
    expect([seen[0]!.raw, seen[0]!.attributes, seen[0]!.attributeTypes]).toEqual([
      "AP8=",
      Object.assign(Object.create(null), { JMS_SQSMessageType: "byte" }),
      Object.assign(Object.create(null), { JMS_SQSMessageType: "String" }),
    ]);
  });

  test("key, payload and schema are of what is inside", async () => {
    const { queue, clock, seen, causes, table, stopped } = setup(
      { DECODE: "celery,sns", IDEMPOTENCY_KEY: "body:/kwargs/order" },
      (handle) => ({ schema: z.object({ kwargs: z.object({ order: z.number().positive() }) }), handle }),
    );
    for (const body of [
      celeryTask([], { order: 7, amount: 5 }),
      celeryTask([], { amount: 5, order: 7 }, { id: "another" }),
      notification(celeryTask([], { order: 7, amount: 5 })),
      celeryTask([], { order: 7, amount: 6 }),
      celeryTask([], { order: -1 }),
    ]) {
      queue.send(body);
      await clock.advance(2_000);
    }
    await stopped();
    expect(seen.map(({ body }) => body)).toEqual([{ kwargs: { order: 7 } }]);
    expect(causes()).toEqual([
      "the idempotency key was used with another payload",
      expect.stringContaining("the body fails its schema: kwargs.order"),
    ]);
    expect([...table!.items.keys()]).toEqual(["tasks/7", "tasks/-1"]);
  });

  test("a topic's attribute is a key, and its envelope has keys that the message hasn't", async () => {
    const sent = (n: number) =>
      notification('{"a":1}', { n, Subject: "s", MessageAttributes: { order: { Type: "String", Value: "7" } } });
    for (const key of ["attribute:order", "body:/Subject"]) {
      const { queue, clock, seen, causes, stopped } = setup({ DECODE: "sns", IDEMPOTENCY_KEY: key });
      for (const n of [1, 2]) {
        queue.send(sent(n));
        await clock.advance(2_000);
      }
      await stopped();
      expect([seen.length, causes()]).toEqual([1, []]);
    }
  });

  test("an event of EventBridge that is sent twice runs once", async () => {
    const { queue, clock, seen, causes, stopped } = setup({ DECODE: "auto", IDEMPOTENCY_KEY: "body:/detail/order" });
    for (const n of [1, 2]) {
      queue.send(busEvent({ order: 7 }, { n }));
      await clock.advance(2_000);
    }
    await stopped();
    expect([seen.length, causes()]).toEqual([1, []]);
  });

  test("what is named and can't be read is rejected, with what was sent as its dead letter", async () => {
    const { queue, clock, seen, stopped } = setup({ DECODE: "celery" });
    const body = celeryTask([], {}, { compression: "application/x-gzip" });
    queue.send(body);
    await clock.advance(2_000);
    await stopped();
    expect(seen).toEqual([]);
    expect(queue.deadLetters).toMatchObject([
      {
        body,
        reason:
          "the body can't be decoded: a Celery task is read where it isn't compressed, got \"application/x-gzip\"",
      },
    ]);
  });
});

describe("A Celery task with an eta", () => {
  test.each<[string, Record<string, string>, (handle: AgentFunction) => Agent]>([
    ["by DECODE", { DECODE: "auto" }, (handle) => handle],
    ["by a module's decoder", {}, (handle) => ({ decode: decodeAs("celery"), handle })],
  ])("waits for it without a run and without a receive, and holds up nobody, %s", async (how, env, agentOf) => {
    const at: number[] = [];
    const { queue, clock, stopped, of } = setup(env, (seen) =>
      agentOf((message, context) => {
        at.push(clock.wall());
        return seen(message, context);
      }),
    );
    // A module's decoder has the machine's clock.
    const begin = how === "by DECODE" ? clock.wall() : Date.now();
    const since = clock.wall();
    const eta = new Date(begin + 600_000).toISOString();
    for (let n = 0; n < 60; n++) queue.send(celeryTask([n], {}, { eta }));
    await clock.advance(5_000);
    queue.send(celeryTask(["now"], {}));
    await clock.advance(5_000);
    expect(at).toHaveLength(1);
    expect(of("breaker")).toEqual([]);
    await clock.advance(605_000);
    if (how === "by DECODE") {
      expect(at).toHaveLength(61);
      expect(Math.min(...at.slice(1))).toBeGreaterThanOrEqual(since + 600_000);
      expect(Math.max(...of("settled").map(({ delivery }) => delivery.receiveCount))).toBe(1);
    }
    await stopped();
  });
});

test.each(["sns", "auto", "sns, celery", "sns-sqs-big-payload"])("DECODE takes %s", async (DECODE) => {
  const { stopped } = setup({ DECODE, PAYLOAD_BUCKETS: "payloads" });
  expect((await stopped()).exitCode).toBe(0);
});

test.each(["auto,sns", "sqs", "sns;celery", "sns,"])("DECODE doesn't take %s", (DECODE) => {
  expect(() => workerBundle({ env: { DECODE } })).toThrow(/DECODE must be auto, or some of sns, .* got /);
});

test("pointers that a body alone marks need buckets to be followed into", () => {
  expect(() => workerBundle({ env: { DECODE: "sns-sqs-big-payload" } })).toThrow("needs PAYLOAD_BUCKETS");
});
