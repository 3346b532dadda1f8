import { describe, expect, test } from "@jest/globals";
import { pointerMessage } from "../../../src/agents/payload-pointer.js";
import { Reject } from "../../../src/pipeline/ports/outcome.js";
import { MemoryIdempotency } from "../../support/memory-idempotency.js";
import { MemoryPayloads } from "../../support/memory-payloads.js";
import { type WorkerBundleOptions, workerBundle } from "../../support/worker-bundle.js";

const MIB = 2 ** 20;

/** A worker that may fetch from `large`, and what its agent was given. */
function setup({ env = {}, ...options }: WorkerBundleOptions = {}) {
  const store = new MemoryPayloads();
  const given: { readonly body: unknown; readonly attributes: string[] }[] = [];
  const bundle = workerBundle({
    agent: ({ body, attributes }) => {
      given.push({ body, attributes: Object.keys(attributes) });
      if (body === "bad") throw new Reject("no good");
    },
    payloadStore: store,
    env: { PAYLOAD_BUCKETS: "other-one, large", POLL_INTERVAL_SECONDS: "1", ...env },
    ...options,
  });
  /** Sends a message whose payload is in a bucket, or should be. */
  const sendPointer = (key: string, { bucket = "large", bytes = 5, id = key } = {}) => {
    const { body, attribute } = pointerMessage({ bucket, key }, bytes);
    return bundle.queue.send(body, { id, attributes: [attribute, ["source", { type: "String", string: "import" }]] });
  };
  const ends = () =>
    bundle.of("settled").map(({ outcome, cause }) => (cause === undefined ? outcome : `${outcome}: ${cause}`));
  void bundle.start();
  return { ...bundle, store, given, sendPointer, ends };
}

describe("A large payload", () => {
  test("reaches the agent as if it had been small", async () => {
    const { store, given, sendPointer, clock, ends, queue, stopped } = setup();
    store.put("large", "a", '{"order":7}');
    sendPointer("a");
    await clock.advance(2_000);
    queue.send('{"order":8}');
    await clock.advance(2_000);
    expect(given).toEqual([
      { body: { order: 7 }, attributes: ["source"] },
      { body: { order: 8 }, attributes: [] },
    ]);
    expect(ends()).toEqual(["done", "done"]);
    expect([...store.objects.keys()]).toEqual(["large/a"]);
    await stopped();
    expect(store.closed).toBe(true);
    expect(clock.timers).toBe(0);
  });

  test("is fetched from allowed buckets alone", async () => {
    const { store, given, sendPointer, clock, ends, stopped } = setup();
    store.put("secrets", "a", "{}");
    sendPointer("a", { bucket: "secrets" });
    await clock.advance(2_000);
    expect(ends()).toEqual(['reject: its payload is in the bucket "secrets", which is none of PAYLOAD_BUCKETS']);
    expect([given, store.reads]).toEqual([[], []]);
    await stopped();
  });

  test("that is gone, broken, no text or too large rejects its message", async () => {
    const { store, queue, sendPointer, clock, ends, given, stopped } = setup({
      env: { PAYLOAD_MAX_MB: "1", CONCURRENCY: "1" },
    });
    sendPointer("gone");
    queue.send("hello", { attributes: [["ExtendedPayloadSize", { type: "Number", string: "5" }]] });
    store.put("large", "grown", "x".repeat(MIB + 1));
    sendPointer("grown");
    sendPointer("said", { bytes: MIB + 1 });
    store.put("large", "fits", "x".repeat(MIB));
    sendPointer("fits", { bytes: MIB });
    await clock.advance(4_000);
    expect(ends().toSorted()).toEqual([
      "done",
      "reject: its payload s3://large/gone doesn't exist",
      `reject: its payload s3://large/grown has ${MIB + 1} bytes or more, and at most ${MIB} (1 MiB) are allowed`,
      `reject: its payload s3://large/said has ${MIB + 1} bytes or more, and at most ${MIB} (1 MiB) are allowed`,
      "reject: the message says that its payload is in S3, but its body is no pointer: no JSON",
    ]);
    expect(store.reads).not.toContain("large/said");
    expect(given).toHaveLength(1);
    store.answer = { kind: "notText" };
    sendPointer("binary");
    await clock.advance(2_000);
    expect(ends().at(-1)).toBe("reject: its payload s3://large/binary is no UTF-8");
    await stopped();
  });

  test("that can't be had now defers its message, which counts as no failure of its own", async () => {
    const { store, sendPointer, clock, of, ends, given, stopped } = setup();
    store.put("large", "a", "{}");
    store.answer = { kind: "unavailable", detail: "AccessDenied: Access Denied" };
    sendPointer("a");
    await clock.advance(2_000);
    expect(of("deferred")).toMatchObject([
      { reason: "its payload s3://large/a can't be read: AccessDenied: Access Denied" },
    ]);
    store.answer = undefined;
    await clock.advance(60_000);
    expect([given.length, ends()]).toEqual([1, ["done"]]);
    await stopped();
  });

  test("that doesn't end arriving is given up, and at a stop at once", async () => {
    const { store, sendPointer, clock, of, stopped } = setup({ env: { HANDLER_TIMEOUT_SECONDS: "600" } });
    store.pause = new Promise(() => {});
    sendPointer("slow");
    await clock.advance(121_000);
    expect(of("deferred")).toMatchObject([
      { reason: expect.stringContaining("can't be read: no answer within 120 s") },
    ]);
    await clock.advance(30_000);
    expect(store.reads.length).toBeGreaterThan(1);
    await stopped();
    expect(of("settled").filter(({ outcome }) => outcome === "done")).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test("isn't looked for unless buckets are named", async () => {
    const { given, sendPointer, clock, store, stopped } = setup({ env: { PAYLOAD_BUCKETS: "" } });
    sendPointer("a");
    await clock.advance(2_000);
    expect([given[0]?.attributes, store.reads]).toEqual([["ExtendedPayloadSize", "source"], []]);
    await stopped();
  });
});

describe("A payload that is to be removed", () => {
  const removing = { env: { PAYLOAD_DELETE: "true", CONCURRENCY: "1" } };

  test("goes after its message has gone, and stays with one that was rejected", async () => {
    const { store, sendPointer, clock, queue, ends, stopped } = setup(removing);
    store.put("large", "good", "{}").put("large", "bad", "bad");
    let atDelete: boolean | undefined;
    const { delete: remove } = queue;
    queue.delete = (...args) => {
      atDelete ??= store.objects.has("large/good");
      return remove.apply(queue, args);
    };
    sendPointer("good");
    sendPointer("bad");
    await clock.advance(3_000);
    expect(ends()).toEqual(["done", "reject: no good"]);
    expect(atDelete).toBe(true);
    expect([...store.objects.keys()]).toEqual(["large/bad"]);
    await stopped();
  });

  test("isn't missed by a delivery that comes after its message's deletion", async () => {
    const { store, sendPointer, clock, given, ends, stopped } = setup(removing);
    store.put("large", "a", "{}");
    sendPointer("a", { id: "same" });
    await clock.advance(2_000);
    sendPointer("a", { id: "same" });
    await clock.advance(2_000);
    expect([given.length, ends()]).toEqual([1, ["done", "done"]]);
    await stopped();
  });

  test("is waited for at a stop, but not for long", async () => {
    const { store, sendPointer, clock, worker, stopped } = setup(removing);
    store.put("large", "a", "{}");
    const pause = Promise.withResolvers<void>();
    store.removalPause = pause.promise;
    sendPointer("a");
    await clock.advance(2_000);
    const before = clock.monotonic();
    expect((await stopped()).exitCode).toBe(0);
    expect([store.objects.size, store.closed, worker.status().state]).toEqual([1, true, "stopped"]);
    expect(clock.monotonic() - before).toBeLessThan(5_000);
    pause.resolve();
  });

  test("that stays for an error is told of once", async () => {
    const { store, sendPointer, clock, of, stopped } = setup(removing);
    store.put("large", "a", "{}").put("large", "b", "{}").put("large", "c", "{}");
    store.removalFails = new Error("AccessDenied");
    sendPointer("a");
    sendPointer("b");
    await clock.advance(3_000);
    store.removalFails = undefined;
    sendPointer("c");
    await clock.advance(3_000);
    expect(of("warning").map(({ text }) => text)).toEqual([
      "payloads can't be removed: they stay in the bucket, unless it has a lifecycle rule",
      "payloads are removed again",
    ]);
    await stopped();
  });
});

describe("With an idempotency table", () => {
  test("the key may be in a large payload", async () => {
    const idempotencyTable = new MemoryIdempotency();
    const { store, sendPointer, clock, given, ends, stopped } = setup({
      idempotencyTable,
      env: { IDEMPOTENCY_KEY: "body:/order" },
    });
    store.put("large", "first", '{"order":7}').put("large", "again", '{"order":7}');
    sendPointer("first");
    await clock.advance(2_000);
    sendPointer("again");
    await clock.advance(2_000);
    expect([given.length, ends()]).toEqual([1, ["done", "done"]]);
    await stopped();
  });

  test("a repetition by its id is done on another worker, though its payload is gone", async () => {
    const idempotencyTable = new MemoryIdempotency();
    const env = { PAYLOAD_DELETE: "true" };
    const first = setup({ idempotencyTable, env });
    first.store.put("large", "a", "{}");
    first.sendPointer("a");
    await first.clock.advance(2_000);
    await first.stopped();
    const second = setup({ idempotencyTable, env });
    second.sendPointer("a");
    await second.clock.advance(2_000);
    expect([second.given, second.ends(), second.store.reads]).toEqual([[], ["done"], []]);
    await second.stopped();
  });
});

describe("A worker that wants signatures", () => {
  const { env } = process;
  env.TEST_INTAKE_SECRET = "queuehand test";

  test("runs no agent for a message without a good one", async () => {
    const { queue, clock, given, ends, stopped } = setup({
      env: {
        WEBHOOK_SIGNATURE: "X-Token/hex:TEST_INTAKE_SECRET",
        TEST_INTAKE_SECRET: "queuehand test",
        CONCURRENCY: "1",
      },
    });
    const string = "2a2d85f5fba2f5b1a0b5ae0a8bf4ea3f1e9ebaac3a4e2c3f8a4a5b0b2a9a3f40";
    queue.send("{}", { attributes: [["x-token", { type: "String", string }]] });
    queue.send("{}");
    await clock.advance(2_000);
    expect([given, ends()]).toEqual([
      [],
      [
        "reject: the webhook's signature is wrong",
        "reject: the webhook has no X-Token: its sender must sign, and the API must pass it on",
      ],
    ]);
    const { createHmac } = await import("node:crypto");
    const right = createHmac("sha256", "queuehand test").update("{}").digest("hex");
    queue.send("{}", { attributes: [["x-token", { type: "String", string: right }]] });
    await clock.advance(2_000);
    expect(given).toHaveLength(1);
    await stopped();
  });

  test("doesn't start without their secret", () => {
    const settings = { WEBHOOK_SIGNATURE: "github:TEST_UNSET_SECRET" };
    expect(() => workerBundle({ env: settings })).toThrow(
      'WEBHOOK_SIGNATURE must name a variable that holds the secret, got "github:TEST_UNSET_SECRET" with TEST_UNSET_SECRET unset',
    );
    expect(() => workerBundle({ env: { WEBHOOK_SIGNATURE: "gitlab:X" } })).toThrow(
      "WEBHOOK_SIGNATURE must be SCHEME:VARIABLE",
    );
    expect(() => workerBundle({ env: { PAYLOAD_DELETE: "true" } })).toThrow("PAYLOAD_DELETE needs PAYLOAD_BUCKETS");
    expect(() => workerBundle({ env: { PAYLOAD_BUCKETS: "Large_One" } })).toThrow(
      "PAYLOAD_BUCKETS must be names of S3 buckets",
    );
  });
});
