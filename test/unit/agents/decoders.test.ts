import { createHmac } from "node:crypto";
import { afterEach, describe, expect, test } from "@jest/globals";
import { defineHandler, Skip, s3Objects, type Undecoded, webhook } from "../../../src/index.js";
import { Defer, Reject, Retry } from "../../../src/pipeline/ports/outcome.js";
import type { SendOptions } from "../../support/memory-message.js";
import { workerBundle } from "../../support/worker-bundle.js";

/** A worker whose agent has a decoder, one message, and what became of it. */
async function decoding(decode: (raw: string, message: Undecoded) => unknown, body: string, options?: SendOptions) {
  const bodies: unknown[] = [];
  const agent = defineHandler({
    decode,
    handle: (message) => {
      bodies.push(message.body);
    },
  });
  const { queue, clock, of, start, stopped } = workerBundle({ agent });
  void start();
  queue.send(body, options);
  await clock.advance(2_000);
  const [settled] = of("settled");
  const [deferred] = of("deferred");
  await stopped();
  return { bodies, outcome: settled?.outcome, cause: settled?.cause, deferred: deferred?.reason };
}

const throwing = (error: Error) => () => {
  throw error;
};

describe("A decoder", () => {
  test("that skips a message has it done without a run", async () => {
    expect(await decoding(throwing(new Skip("nothing to do")), "{}")).toMatchObject({ bodies: [], outcome: "done" });
    const tested = await decoding(s3Objects, '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"photos"}');
    expect(tested).toMatchObject({ bodies: [], outcome: "done" });
  });

  test("may end a message as an agent may", async () => {
    const rejected = await decoding(throwing(new Reject("not for us")), "{}");
    expect(rejected).toMatchObject({ bodies: [], outcome: "reject", cause: "not for us" });
    expect(await decoding(throwing(new Retry(5)), "{}")).toMatchObject({ bodies: [], outcome: "retry" });
    expect(await decoding(throwing(new Defer(5, "no key yet")), "{}")).toMatchObject({ deferred: "no key yet" });
  });

  test("that fails rejects its message: it would fail again", async () => {
    const failed = await decoding(s3Objects, '{"order":7}');
    expect(failed).toMatchObject({ bodies: [], outcome: "reject" });
    expect(failed.cause).toContain("the body can't be decoded: no S3 notification");
  });
});

describe("A decoder for webhooks", () => {
  const SECRET = "queuehand test";
  process.env.TEST_WEBHOOK_SECRET = SECRET;
  afterEach(() => {
    process.env.TEST_WEBHOOK_SECRET = SECRET;
  });
  const signed = (body: string): SendOptions => ({
    attributes: [
      [
        "x-hub-signature-256",
        { type: "String", string: `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}` },
      ],
    ],
  });

  test("hands on what is signed and rejects what isn't", async () => {
    const decode = webhook({ scheme: "github", secret: "TEST_WEBHOOK_SECRET" });
    const body = '{ "action" : "opened" }';
    expect(await decoding(decode, body, signed(body))).toMatchObject({
      bodies: [{ action: "opened" }],
      outcome: "done",
    });
    expect(await decoding(decode, `${body} `, signed(body))).toMatchObject({
      bodies: [],
      outcome: "reject",
      cause: "the webhook's signature is wrong",
    });
    expect((await decoding(decode, body)).cause).toContain("the webhook has no X-Hub-Signature-256");
  });

  test("takes a way of signing of one's own", async () => {
    const decode = webhook({ header: "X-Hub-Signature-256", prefix: "sha256=", secret: ["TEST_WEBHOOK_SECRET"] });
    expect(await decoding(decode, "hello", signed("hello"))).toMatchObject({ bodies: ["hello"], outcome: "done" });
  });

  test("can't be made without its secret", () => {
    delete process.env.TEST_WEBHOOK_SECRET;
    expect(() => webhook({ scheme: "github", secret: "TEST_WEBHOOK_SECRET" })).toThrow(
      "in the environment variable TEST_WEBHOOK_SECRET, which is unset",
    );
  });
});
