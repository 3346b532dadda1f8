import { hash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { QueueError } from "../../../../src/pipeline/ports/queue.js";
import { type Answer, refusal } from "../../../support/null-server.js";
import { never, sqsBundle } from "../../../support/sqs-bundle.js";

const message = (name: string, more: object = {}) => ({
  MessageId: `id-${name}`,
  ReceiptHandle: `handle-${name}`,
  Body: `body of ${name}`,
  MD5OfBody: hash("md5", `body of ${name}`),
  Attributes: { ApproximateReceiveCount: "2", SentTimestamp: "1767225600000" },
  ...more,
});

/** What a receive that gets `answer` rejects with. */
async function failureOf(answer: Answer): Promise<QueueError> {
  await using bundle = await sqsBundle();
  bundle.server.script("ReceiveMessage", answer);
  return await bundle.queue.receive(10, 0, never).then(
    () => {
      throw new Error("the receive succeeded");
    },
    (error: QueueError) => error,
  );
}

describe("a receive", () => {
  test("asks for what is needed and nothing that is deprecated", async () => {
    await using bundle = await sqsBundle();
    await bundle.queue.receive(7, 0, never);
    const [call] = await bundle.server.seen("ReceiveMessage");
    expect(call!.input).toEqual({
      QueueUrl: bundle.server.queueUrl,
      MaxNumberOfMessages: 7,
      WaitTimeSeconds: 0,
      VisibilityTimeout: 120,
      MessageSystemAttributeNames: expect.arrayContaining(["ApproximateReceiveCount", "SentTimestamp"]),
      MessageAttributeNames: ["All"],
    });
  });

  test("asks who sent a message only where somebody reads it", async () => {
    for (const asksForSender of [false, true]) {
      await using bundle = await sqsBundle({ asksForSender });
      bundle.server.script("ReceiveMessage", {
        json: { Messages: [message("a", { Attributes: { SenderId: "AIDAEXAMPLE" } })] },
      });
      const [received] = await bundle.queue.receive(1, 0, never);
      expect(received!.senderId).toBe("AIDAEXAMPLE");
      const [call] = await bundle.server.seen("ReceiveMessage");
      const names = (call!.input as { MessageSystemAttributeNames: string[] }).MessageSystemAttributeNames;
      expect(names.includes("SenderId")).toBe(asksForSender);
    }
  });

  test("gives messages as they are", async () => {
    await using bundle = await sqsBundle();
    const binary = Buffer.from([0, 255]).toString("base64");
    bundle.server.script("ReceiveMessage", {
      json: {
        Messages: [
          message("a", {
            Attributes: {
              ApproximateReceiveCount: "3",
              SentTimestamp: "1767225600000",
              ApproximateFirstReceiveTimestamp: "1767225601500",
              MessageGroupId: "g",
              SequenceNumber: "18870",
              MessageDeduplicationId: "d",
              AWSTraceHeader: "Root=1",
            },
            MessageAttributes: { raw: { DataType: "Binary", BinaryValue: binary } },
          }),
        ],
      },
    });
    expect(await bundle.queue.receive(10, 0, never)).toEqual([
      {
        id: "id-a",
        handle: "handle-a",
        body: "body of a",
        attributes: new Map([["raw", { type: "Binary", binary: Buffer.from([0, 255]) }]]),
        receiveCount: 3,
        sentAt: 1_767_225_600_000,
        firstReceivedAt: 1_767_225_601_500,
        groupId: "g",
        sequenceNumber: "18870",
        deduplicationId: "d",
        traceHeader: "Root=1",
        intact: true,
      },
    ]);
  });

  test.each<[string, Answer]>([
    ["no list", { json: {} }],
    ["an empty list", { json: { Messages: [] } }],
    ["null for a list", { json: { Messages: null } }],
    ["something else for a list", { json: { Messages: "none" } }],
    ["no body at all", { text: "" }],
  ])("takes %s for no messages", async (_name, answer) => {
    await using bundle = await sqsBundle();
    bundle.server.script("ReceiveMessage", answer);
    expect(await bundle.queue.receive(10, 0, never)).toEqual([]);
  });

  test("fills in what a message lacks", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("ReceiveMessage", { json: { Messages: [{ ReceiptHandle: "h" }] } });
    const [bare] = await bundle.queue.receive(10, 0, never);
    expect(bare).toMatchObject({ id: "h", handle: "h", body: "", receiveCount: 1, sentAt: undefined, intact: true });
    expect(bare!.attributes.size).toBe(0);
  });

  test("tells of messages that are no list", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("ReceiveMessage", { json: { Messages: { MessageId: "1" } } });
    expect(await bundle.queue.receive(10, 0, never)).toEqual([]);
    expect(bundle.facts).toMatchObject([{ kind: "oddAnswer", detail: expect.stringContaining("no list") }]);
  });

  test("leaves a message without receipt handle alone, and tells", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("ReceiveMessage", {
      json: { Messages: [{ MessageId: "x", Body: "lost" }, null, message("a")] },
    });
    expect((await bundle.queue.receive(10, 0, never)).map(({ id }) => id)).toEqual(["id-a"]);
    expect(bundle.facts).toMatchObject([{ kind: "oddAnswer", count: 2 }]);
  });

  test("marks the one message whose MD5 doesn't match", async () => {
    await using bundle = await sqsBundle();
    const Messages = [message("a"), message("b", { MD5OfBody: "0".repeat(32) }), message("c")];
    bundle.server.script("ReceiveMessage", { json: { Messages } });
    const received = await bundle.queue.receive(10, 0, never);
    expect(received.map(({ intact }) => intact)).toEqual([true, false, true]);
    expect(bundle.facts).toMatchObject([{ kind: "oddAnswer", count: 1 }]);
  });

  test("takes all of more than it asked for", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("ReceiveMessage", { json: { Messages: ["a", "b", "c"].map((name) => message(name)) } });
    expect(await bundle.queue.receive(1, 0, never)).toHaveLength(3);
    expect(bundle.facts).toMatchObject([{ kind: "oddAnswer", count: 2 }]);
  });

  test("gives a message that came twice once, with its last handle", async () => {
    await using bundle = await sqsBundle();
    const Messages = [message("a"), message("b"), message("a", { ReceiptHandle: "latest" })];
    bundle.server.script("ReceiveMessage", { json: { Messages } });
    const received = await bundle.queue.receive(10, 0, never);
    expect(received.map(({ id, handle }) => [id, handle])).toEqual([
      ["id-a", "latest"],
      ["id-b", "handle-b"],
    ]);
  });

  test("keeps an attribute named __proto__ an attribute", async () => {
    await using bundle = await sqsBundle();
    const text = JSON.stringify({
      Messages: [message("a", { MessageAttributes: { X: { DataType: "String", StringValue: "v" } } })],
    });
    bundle.server.script("ReceiveMessage", { text: text.replace('"X"', '"__proto__"') });
    const [received] = await bundle.queue.receive(10, 0, never);
    expect([...received!.attributes]).toEqual([["__proto__", { type: "String", string: "v" }]]);
  });
});

describe("a receive that gets", () => {
  test("a proxy's page fails as malformed, and the error shows its head without what may be secret", async () => {
    const page = `<html>Blocked by ${"A1b2".repeat(10)} proxy</html>`;
    const failed = await failureOf({ text: page });
    expect(failed).toMatchObject({ name: "QueueError", kind: "malformed" });
    expect(failed.message).toContain("<html>Blocked by … proxy");
  });

  test("JSON cut short fails as malformed, and the messages in it are released", async () => {
    await using bundle = await sqsBundle();
    const whole = JSON.stringify({
      Messages: [message("a"), message("b", { ReceiptHandle: 'quo"ted' }), message("c")],
    });
    bundle.server.script("ReceiveMessage", { text: whole.slice(0, whole.indexOf('"handle-c"') + 3) });
    const failed = await bundle.queue.receive(10, 0, never).catch((error: QueueError) => error);
    expect(failed).toMatchObject({ kind: "malformed" });
    expect((failed as QueueError).message).not.toContain("body of");
    const [release] = await bundle.server.seen("ChangeMessageVisibilityBatch");
    expect(release!.input.Entries).toEqual([
      { Id: "0", ReceiptHandle: "handle-a", VisibilityTimeout: 0 },
      { Id: "1", ReceiptHandle: 'quo"ted', VisibilityTimeout: 0 },
    ]);
  });

  test("a body that only looks like a handle releases nothing", async () => {
    await using bundle = await sqsBundle();
    const Body = '{"ReceiptHandle":"of somebody else"}';
    const whole = JSON.stringify({ Messages: [message("a", { Body })] });
    bundle.server.script("ReceiveMessage", { text: whole.slice(0, -2) });
    await bundle.queue.receive(10, 0, never).catch(() => {});
    const [release] = await bundle.server.seen("ChangeMessageVisibilityBatch");
    expect(release!.input.Entries).toEqual([{ Id: "0", ReceiptHandle: "handle-a", VisibilityTimeout: 0 }]);
  });

  test("a reset in mid-body fails once, is not tried again, and releases what had come", async () => {
    await using bundle = await sqsBundle();
    const torn = JSON.stringify({ Messages: [message("a"), message("b")] });
    bundle.server.script("ReceiveMessage", { torn, bytes: torn.indexOf('"id-b"') });
    await expect(bundle.queue.receive(10, 0, never)).rejects.toMatchObject({ kind: "unreachable" });
    const [release] = await bundle.server.seen("ChangeMessageVisibilityBatch");
    expect(release!.input.Entries).toMatchObject([{ ReceiptHandle: "handle-a", VisibilityTimeout: 0 }]);
    expect(await bundle.server.seen("ReceiveMessage")).toHaveLength(1);
  });

  test("a body that never ends ends with its signal, and releases what had come", async () => {
    await using bundle = await sqsBundle();
    const stalled = JSON.stringify({ Messages: [message("a"), message("b")] });
    bundle.server.script("ReceiveMessage", { stalled, bytes: stalled.indexOf('"id-b"') });
    const given = new AbortController();
    const poll = bundle.queue.receive(10, 20, given.signal);
    await bundle.server.seen("ReceiveMessage");
    // The head and the first message are on their way through loopback; the second call's answer comes after them.
    await bundle.queue.delete(["x"], never);
    given.abort("too slow");
    await expect(poll).rejects.toMatchObject({ kind: "deadline" });
    const [release] = await bundle.server.seen("ChangeMessageVisibilityBatch");
    expect(release!.input.Entries).toMatchObject([{ ReceiptHandle: "handle-a", VisibilityTimeout: 0 }]);
  });

  test("no answer ends with its signal", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("ReceiveMessage", "silence");
    const given = new AbortController();
    const poll = bundle.queue.receive(10, 20, given.signal);
    await bundle.server.seen("ReceiveMessage");
    given.abort(new Error("the wait plus five seconds"));
    await expect(poll).rejects.toMatchObject({
      kind: "deadline",
      message: expect.stringContaining("the wait plus five seconds"),
    });
  });

  test.each<[string, Answer, QueueError["kind"]]>([
    ["503", { text: "<html>busy</html>", status: 503 }, "throttled"],
    ["500", refusal("InternalFailure", { status: 500 }), "unreachable"],
    ["429", { text: "", status: 429 }, "throttled"],
    ["ThrottlingException", refusal("ThrottlingException"), "throttled"],
    ["RequestThrottled", refusal("RequestThrottled"), "throttled"],
    ["KmsThrottled", refusal("KmsThrottled"), "throttled"],
    ["OverLimit", refusal("OverLimit", { status: 403 }), "throttled"],
    ["QueueDoesNotExist", refusal("QueueDoesNotExist"), "fatal"],
    ["the older code of the same", refusal("Unknown", { query: "AWS.SimpleQueueService.NonExistentQueue" }), "fatal"],
    ["AccessDenied", refusal("AccessDenied", { status: 403 }), "fatal"],
    ["AccessDeniedException", refusal("AccessDeniedException"), "fatal"],
    ["KmsDisabled", refusal("KmsDisabled"), "fatal"],
    ["KmsAccessDenied", refusal("KmsAccessDenied"), "fatal"],
    ["the older code of a key", refusal("Unknown", { query: "KMS.NotFoundException" }), "fatal"],
    ["InvalidAddress", refusal("InvalidAddress", { status: 404 }), "fatal"],
    ["UnrecognizedClientException", refusal("UnrecognizedClientException", { status: 403 }), "fatal"],
    ["InvalidClientTokenId", refusal("InvalidClientTokenId", { status: 403 }), "fatal"],
    ["SignatureDoesNotMatch", refusal("SignatureDoesNotMatch", { status: 403 }), "fatal"],
    ["ExpiredToken", refusal("ExpiredToken", { status: 403 }), "unreachable"],
    ["ExpiredTokenException", refusal("ExpiredTokenException"), "unreachable"],
    ["RequestTimeTooSkewed", refusal("RequestTimeTooSkewed", { status: 403 }), "unreachable"],
    ["any other 403", { text: "<html>go away</html>", status: 403 }, "fatal"],
    ["any other 400", refusal("InvalidParameterValue"), "malformed"],
    ["JSON that is no object", { text: "null" }, "malformed"],
  ])("%s fails", async (_name, answer, kind) => {
    expect(await failureOf(answer)).toMatchObject({ name: "QueueError", kind });
  });

  test("a closed port fails as unreachable, with the socket's code", async () => {
    await using bundle = await sqsBundle({ endpoint: "http://127.0.0.1:1" });
    await expect(bundle.queue.receive(10, 0, never)).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});
