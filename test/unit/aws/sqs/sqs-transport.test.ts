import { describe, expect, test } from "@jest/globals";
import type { TransportSetting } from "../../../../src/aws/wire/transport.js";
import { TransportChoice } from "../../../../src/aws/wire/transport-choice.js";
import { type Answer, isBySdk, refusal } from "../../../support/null-server.js";
import { never, sqsBundle } from "../../../support/sqs-bundle.js";

async function setup(setting: TransportSetting) {
  const changes: unknown[] = [];
  const transport = new TransportChoice(setting, (refused) => changes.push(refused));
  const bundle = await sqsBundle({ transport });
  const { server } = bundle;
  return {
    ...bundle,
    transport,
    changes,
    ways: () => server.calls.map((call) => `${call.operation} by ${isBySdk(call) ? "sdk" : "wire"}`),
    [Symbol.asyncDispose]: () => bundle[Symbol.asyncDispose](),
  };
}

const MESSAGE = { MessageId: "m", ReceiptHandle: "h", Body: "b" };
const REDIRECT: Answer = { text: "", status: 307, headers: { location: "https://elsewhere.test/" } };
const PAGE: Answer = { text: "<html>Sign in</html>" };

/** Answers that blame the way of calling. */
const FAULTS: readonly (readonly [string, Answer])[] = [
  ["SignatureDoesNotMatch", refusal("SignatureDoesNotMatch", { status: 403 })],
  ["InvalidSignatureException", refusal("InvalidSignatureException", { status: 403 })],
  ["IncompleteSignature", refusal("IncompleteSignature")],
  ["an older server's name", refusal("Odd", { query: "AWS.SimpleQueueService.IncompleteSignature" })],
  ["UnknownOperationException", refusal("UnknownOperationException", { status: 404 })],
  ["a redirect", REDIRECT],
  ["another host's page", PAGE],
  ["another host's refusal", { text: "<html>Forbidden</html>", status: 403 }],
];

/** Answers that the SDK's client would get as well. */
const OTHERS: readonly (readonly [string, Answer])[] = [
  ["a denial", refusal("AccessDeniedException", { status: 403 })],
  ["an expired token", refusal("ExpiredTokenException", { status: 403 })],
  ["a clock that is off", refusal("InvalidSignatureException", { status: 403, message: "Signature expired: 1 < 2" })],
  ["a skewed time", refusal("RequestTimeTooSkewed", { status: 403 })],
  ["a throttle", refusal("ThrottlingException")],
  ["a throttle's page", { text: "<html>slow down</html>", status: 429 }],
  ["an outage", refusal("InternalFailure", { status: 500 })],
  ["an outage's page", { text: "<html>Bad gateway</html>", status: 502 }],
  ["a queue that is gone", refusal("QueueDoesNotExist")],
  ["a bad parameter", refusal("InvalidParameterValue")],
  ["JSON that was cut", { text: '{"Messages":[{"Mess' }],
  ["a reset", "reset"],
];

describe("auto", () => {
  test.each(FAULTS)("makes a receive again by the SDK after %s, and goes on so", async (_, fault) => {
    await using bundle = await setup("auto");
    bundle.server.refuseWire(fault);
    bundle.server.script("ReceiveMessage", { json: { Messages: [MESSAGE] } });
    const received = await bundle.queue.receive(10, 0, never);
    expect(received.map(({ id, body }) => [id, body])).toEqual([["m", "b"]]);
    expect(await bundle.queue.delete(["h"], never)).toEqual([{ ok: true }]);
    expect(bundle.ways()).toEqual(["ReceiveMessage by wire", "ReceiveMessage by sdk", "DeleteMessageBatch by sdk"]);
    expect(bundle.changes).toHaveLength(1);
  });

  test.each(OTHERS)("keeps to the wire after %s", async (_, answer) => {
    await using bundle = await setup("auto");
    bundle.server.refuseWire(answer);
    await expect(bundle.queue.receive(10, 0, never)).rejects.toMatchObject({ name: "QueueError" });
    expect(bundle.ways()).not.toContain("ReceiveMessage by sdk");
    expect(bundle.transport.isSdk).toBe(false);
  });

  test("goes over once, though many calls are refused at the same time", async () => {
    await using bundle = await setup("auto");
    bundle.server.refuseWire(REDIRECT);
    const calls = Array.from({ length: 5 }, (_, index) => bundle.queue.delete([`h${index}`], never));
    expect(await Promise.all(calls)).toEqual(calls.map(() => [{ ok: true }]));
    expect(bundle.changes).toHaveLength(1);
  });

  test("tells both answers when both ways fail, and stays on the wire", async () => {
    await using bundle = await setup("auto");
    bundle.server.script("ReceiveMessage", refusal("SignatureDoesNotMatch", { status: 403, message: "ours" }));
    bundle.server.script("ReceiveMessage", refusal("AccessDenied", { status: 403, message: "theirs" }));
    await expect(bundle.queue.receive(10, 0, never)).rejects.toMatchObject({
      kind: "fatal",
      message:
        "ReceiveMessage: AccessDenied (HTTP 403): theirs (by the SDK's client); ReceiveMessage: SignatureDoesNotMatch (HTTP 403): ours (by our own wire)",
    });
    expect(bundle.changes).toEqual([]);
    expect(await bundle.queue.receive(10, 0, never)).toEqual([]);
    expect(bundle.ways().at(-1)).toBe("ReceiveMessage by wire");
  });

  test("leaves it to the SDK's answer whether trying again can help", async () => {
    await using bundle = await setup("auto");
    bundle.server.script("ReceiveMessage", refusal("SignatureDoesNotMatch", { status: 403 }));
    bundle.server.script("ReceiveMessage", refusal("ServiceUnavailable", { status: 503 }));
    await expect(bundle.queue.receive(10, 0, never)).rejects.toMatchObject({ kind: "throttled" });
  });
});

test("wire never goes over", async () => {
  await using bundle = await setup("wire");
  bundle.server.refuseWire(refusal("SignatureDoesNotMatch", { status: 403 }));
  await expect(bundle.queue.receive(10, 0, never)).rejects.toMatchObject({ kind: "fatal" });
  expect(bundle.ways()).toEqual(["ReceiveMessage by wire"]);
});

describe("sdk", () => {
  test("never uses the wire, and tells of no change", async () => {
    await using bundle = await setup("sdk");
    await bundle.queue.receive(10, 0, never);
    await bundle.queue.delete(["h"], never);
    await bundle.queue.changeVisibility([{ handle: "h", seconds: 5 }], never);
    await bundle.queue.attributes(never);
    expect(bundle.ways()).toEqual(
      ["ReceiveMessage", "DeleteMessageBatch", "ChangeMessageVisibilityBatch", "GetQueueAttributes"].map(
        (operation) => `${operation} by sdk`,
      ),
    );
    expect(bundle.changes).toEqual([]);
  });

  test("tries a receive once", async () => {
    await using bundle = await setup("sdk");
    bundle.server.script("ReceiveMessage", "reset");
    await expect(bundle.queue.receive(10, 0, never)).rejects.toMatchObject({ kind: "unreachable" });
    bundle.server.script("ReceiveMessage", refusal("InternalFailure", { status: 500 }));
    await expect(bundle.queue.receive(10, 0, never)).rejects.toMatchObject({ kind: "unreachable" });
    expect(bundle.server.calls).toHaveLength(2);
  });

  test("makes a delete again at once when its connection was closed", async () => {
    await using bundle = await setup("sdk");
    bundle.server.script("DeleteMessageBatch", "reset");
    expect(await bundle.queue.delete(["h"], never)).toEqual([{ ok: true }]);
  });

  test("ends a call with its signal, and says that it was given up", async () => {
    await using bundle = await setup("sdk");
    bundle.server.script("ReceiveMessage", "silence");
    const giveUp = new AbortController();
    const receive = bundle.queue.receive(10, 20, giveUp.signal);
    await bundle.server.seen("ReceiveMessage");
    giveUp.abort(new Error("enough"));
    await expect(receive).rejects.toMatchObject({ kind: "deadline" });
  });

  test("ends a call while credentials hang", async () => {
    const transport = new TransportChoice("sdk");
    await using bundle = await sqsBundle({ transport, credentials: () => new Promise(() => {}) });
    const giveUp = new AbortController();
    const receive = bundle.queue.receive(10, 20, giveUp.signal);
    giveUp.abort(new Error("enough"));
    await expect(receive).rejects.toMatchObject({ kind: "deadline" });
  });

  test("dates the next call by the server's clock after a refusal for the time", async () => {
    await using bundle = await setup("sdk");
    const ahead = new Date(Date.now() + 3_600_000);
    const json = { __type: "InvalidSignatureException", message: "Signature expired: 1 is earlier than 2" };
    bundle.server.script("ReceiveMessage", { json, status: 403, headers: { date: ahead.toUTCString() } });
    await expect(bundle.queue.receive(10, 0, never)).rejects.toMatchObject({ kind: "unreachable" });
    await bundle.queue.receive(10, 0, never);
    const [first, second] = await bundle.server.seen("ReceiveMessage", 2);
    const hour = (call: typeof first) => String(call!.headers["x-amz-date"]).slice(0, 11);
    expect(hour(second)).toBe(ahead.toISOString().replace(/[-:]/g, "").slice(0, 11));
    expect(hour(first)).not.toBe(hour(second));
  });

  test("keeps an attribute named __proto__, bytes, and a body whose MD5 is wrong apart from the others", async () => {
    await using bundle = await setup("sdk");
    const MessageAttributes =
      '{"__proto__":{"DataType":"String","StringValue":"x"},"b":{"DataType":"Binary","BinaryValue":"AQI="}}';
    const damaged = JSON.stringify({ ...MESSAGE, MessageId: "n", MD5OfBody: "0" });
    const text = `{"Messages":[{"MessageId":"m","ReceiptHandle":"h","Body":"b","MessageAttributes":${MessageAttributes}},${damaged}]}`;
    bundle.server.script("ReceiveMessage", { text });
    const [message, other] = await bundle.queue.receive(10, 0, never);
    expect([message!.intact, other!.intact]).toEqual([true, false]);
    expect([...message!.attributes]).toEqual([
      ["__proto__", { type: "String", string: "x" }],
      ["b", { type: "Binary", binary: Buffer.from([1, 2]) }],
    ]);
  });

  test("sends a dead letter's attributes as they came", async () => {
    const transport = new TransportChoice("sdk");
    await using bundle = await sqsBundle({
      transport,
      deadLetterQueueUrl: "http://127.0.0.1:1/1/dlq",
      deadLetterQueueFound: true,
    });
    const MessageAttributes =
      '{"__proto__":{"DataType":"String","StringValue":"x"},"b":{"DataType":"Binary","BinaryValue":"AQI="}}';
    bundle.server.script("ReceiveMessage", {
      text: `{"Messages":[{"MessageId":"m","ReceiptHandle":"h","Body":"b","MessageAttributes":${MessageAttributes}}]}`,
    });
    const [message] = await bundle.queue.receive(10, 0, never);
    expect(await bundle.queue.copyToDeadLetters!([{ message: message!, reason: "r" }], never)).toEqual([{ ok: true }]);
    const [sent] = await bundle.server.seen("SendMessageBatch");
    expect(sent!.body).toContain(MessageAttributes.slice(1, -1));
  });

  test.each(["torn", "stalled"] as const)("releases the messages of an answer that is %s", async (how) => {
    await using bundle = await setup("sdk");
    const whole = JSON.stringify({ Messages: [MESSAGE, { MessageId: "n", ReceiptHandle: "i", Body: "lost" }] });
    const bytes = whole.indexOf("lost");
    bundle.server.script("ReceiveMessage", how === "torn" ? { torn: whole, bytes } : { stalled: whole, bytes });
    const giveUp = new AbortController();
    const receive = bundle.queue.receive(10, 0, giveUp.signal);
    receive.catch(() => {});
    await bundle.server.seen("ReceiveMessage");
    if (how === "stalled") setTimeout(() => giveUp.abort(new Error("enough")), 50);
    await expect(receive).rejects.toMatchObject({ name: "QueueError" });
    const [released] = await bundle.server.seen("ChangeMessageVisibilityBatch");
    expect(released!.input.Entries).toEqual([
      { Id: "0", ReceiptHandle: "h", VisibilityTimeout: 0 },
      { Id: "1", ReceiptHandle: "i", VisibilityTimeout: 0 },
    ]);
  });

  test("reads each entry's result", async () => {
    await using bundle = await setup("sdk");
    const Failed = [{ Id: "1", Code: "ReceiptHandleIsInvalid", SenderFault: true, Message: "no" }];
    bundle.server.script("DeleteMessageBatch", { json: { Successful: [{ Id: "0" }], Failed } });
    expect((await bundle.queue.delete(["a", "b", "c"], never)).map((end) => (end.ok ? "ok" : end.kind))).toEqual([
      "ok",
      "stale",
      "again",
    ]);
  });

  test("has its polls on other connections than its deletes", async () => {
    await using bundle = await setup("sdk");
    bundle.server.script("ReceiveMessage", { json: {} });
    await bundle.queue.receive(10, 0, never);
    await bundle.queue.delete(["h"], never);
    await bundle.queue.receive(10, 0, never);
    expect(bundle.server.calls.map(({ connection }) => connection)).toEqual([1, 2, 1]);
  });
});
