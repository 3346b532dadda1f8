import { describe, expect, test } from "@jest/globals";
import { BYTES_MAX, deadLetterCopy } from "../../../../src/aws/sqs/dead-letter-copy.js";
import { SqsQueue } from "../../../../src/aws/sqs/sqs-queue.js";
import type { DeadLetter, MessageAttribute, ReceivedMessage } from "../../../../src/pipeline/ports/queue.js";
import { refusal, type SeenCall } from "../../../support/null-server.js";
import { never, sqsBundle } from "../../../support/sqs-bundle.js";

const message = (more: Partial<ReceivedMessage> = {}): ReceivedMessage => ({
  id: "id-1",
  handle: "h",
  body: "body",
  attributes: new Map(),
  receiveCount: 4,
  sentAt: undefined,
  intact: true,
  ...more,
});

const attributes = (count: number) =>
  new Map(
    Array.from({ length: count }, (_, i): [string, MessageAttribute] => [`a${i}`, { type: "String", string: "v" }]),
  );

/** Copies letters to a dead-letter queue on the null server. */
async function setup(deadLetterQueue = "queue-dlq") {
  const bundle = await sqsBundle();
  const deadLetterQueueUrl = `${bundle.server.endpoint}/123456789012/${deadLetterQueue}`;
  const queue = new SqsQueue({ ...bundle.options, deadLetterQueueUrl });
  return {
    ...bundle,
    copy: (...letters: DeadLetter[]) => queue.copyToDeadLetters!(letters, never),
    deadLetterQueueUrl,
    async [Symbol.asyncDispose]() {
      queue.close();
      await bundle[Symbol.asyncDispose]();
    },
  };
}

const entriesOf = (call: SeenCall | undefined) => call!.input.Entries as Record<string, Record<string, unknown>>[];

describe("a dead letter", () => {
  test("carries body and attributes as they were, reason, original id and receive count", async () => {
    await using bundle = await setup();
    const given = new Map<string, MessageAttribute>([
      ["__proto__", { type: "String", string: "kept" }],
      ["raw", { type: "Binary", binary: Uint8Array.of(0, 255) }],
    ]);
    const letter = {
      message: message({ attributes: given, traceHeader: "Root=1", groupId: "tenant" }),
      reason: "no id",
    };
    expect(await bundle.copy(letter)).toEqual([{ ok: true }]);
    const [call] = await bundle.server.seen("SendMessageBatch");
    expect(call!.input.QueueUrl).toBe(bundle.deadLetterQueueUrl);
    const [entry] = entriesOf(call);
    expect(entry).toMatchObject({
      Id: "0",
      MessageBody: "body",
      MessageGroupId: "tenant",
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1" } },
    });
    expect(entry).not.toHaveProperty("MessageDeduplicationId");
    expect(Object.entries(entry!.MessageAttributes!)).toEqual([
      ["__proto__", { DataType: "String", StringValue: "kept" }],
      ["raw", { DataType: "Binary", BinaryValue: "AP8=" }],
      ["QueuehandReason", { DataType: "String", StringValue: "no id" }],
      ["QueuehandMessageId", { DataType: "String", StringValue: "id-1" }],
      ["QueuehandReceiveCount", { DataType: "Number", StringValue: "4" }],
    ]);
  });

  test("on a FIFO queue keeps its group, and is the same letter when copied twice", async () => {
    await using bundle = await setup("queue-dlq.fifo");
    await bundle.copy({ message: message({ groupId: "g" }), reason: "bad" });
    const [entry] = entriesOf((await bundle.server.seen("SendMessageBatch"))[0]);
    expect(entry).toMatchObject({ MessageGroupId: "g", MessageDeduplicationId: "id-1-4" });
  });

  test("with eight or nine attributes has ours packed into one", async () => {
    await using bundle = await setup();
    await bundle.copy({ message: message({ attributes: attributes(9) }), reason: "bad" });
    const [entry] = entriesOf((await bundle.server.seen("SendMessageBatch"))[0]);
    expect(Object.keys(entry!.MessageAttributes!)).toHaveLength(10);
    const { Queuehand } = entry!.MessageAttributes as Record<string, { StringValue: string }>;
    expect(JSON.parse(Queuehand!.StringValue)).toEqual({ reason: "bad", messageId: "id-1", receiveCount: 4 });
  });

  test("with ten attributes keeps those ten, and a warning says what is missing", async () => {
    await using bundle = await setup();
    await bundle.copy({ message: message({ attributes: attributes(10) }), reason: "bad" });
    const [entry] = entriesOf((await bundle.server.seen("SendMessageBatch"))[0]);
    expect(Object.keys(entry!.MessageAttributes!)).toEqual([...attributes(10).keys()]);
    expect(bundle.facts).toMatchObject([{ kind: "warning", text: expect.stringContaining("all 10 attributes") }]);
  });

  test("that comes again after a redrive replaces our own attributes", async () => {
    await using bundle = await setup();
    const before = new Map(attributes(7)).set("QueuehandReason", { type: "String", string: "old" });
    before.set("QueuehandMessageId", { type: "String", string: "first" });
    before.set("QueuehandReceiveCount", { type: "Number", string: "1" });
    await bundle.copy({ message: message({ attributes: before }), reason: "new" });
    const [entry] = entriesOf((await bundle.server.seen("SendMessageBatch"))[0]);
    expect(Object.keys(entry!.MessageAttributes!)).toHaveLength(10);
    expect(entry!.MessageAttributes).toMatchObject({
      QueuehandReason: { StringValue: "new" },
      QueuehandMessageId: { StringValue: "first" },
      QueuehandReceiveCount: { StringValue: "4" },
    });
  });

  test("that comes again with the id as its tenth attribute has all three in its place", async () => {
    await using bundle = await setup();
    const before = new Map(attributes(9)).set("QueuehandMessageId", { type: "String", string: "first" });
    await bundle.copy({ message: message({ attributes: before }), reason: "new" });
    const [entry] = entriesOf((await bundle.server.seen("SendMessageBatch"))[0]);
    const { Queuehand } = entry!.MessageAttributes as Record<string, { StringValue: string }>;
    expect(JSON.parse(Queuehand!.StringValue)).toEqual({ reason: "new", messageId: "first", receiveCount: 4 });
  });

  test("has its reason without what colours a terminal", () => {
    const reason = "\u001b[1;31mno total\u001b[0m in \u001b]8;;http://a\u0007order\u001b]8;;\u001b\\ \u009b2K7\u0000";
    const { entry } = deadLetterCopy({ reason, message: message() }, false);
    expect(entry.MessageAttributes).toMatchObject({ QueuehandReason: { StringValue: "no total in order 7\uFFFD" } });
  });

  test.each([1_000, 400, 200])("that leaves %i bytes has a reason as long as there is room for", async (room) => {
    const reason = `gave up after 3 receives: "${"é".repeat(600)}"`;
    const full = { reason, message: message({ body: "x".repeat(BYTES_MAX - room) }) };
    const { entry, bytes, note } = deadLetterCopy(full, false);
    expect(bytes).toBeLessThanOrEqual(BYTES_MAX);
    expect(note).toBeUndefined();
    const { Queuehand } = entry.MessageAttributes as Record<string, { StringValue: string }>;
    const packed = JSON.parse(Queuehand!.StringValue);
    expect(packed).toMatchObject({ messageId: "id-1", receiveCount: 4 });
    expect(reason.startsWith(packed.reason)).toBe(true);
    // What a reason begins with says what kind of letter it is.
    expect(packed.reason).toContain("gave up after 3 receives: ");
    expect(bytes).toBeGreaterThan(BYTES_MAX - room / 2);
  });

  test("that leaves room for its id alone has that", () => {
    const full = { reason: "bad".repeat(50), message: message({ body: "x".repeat(BYTES_MAX - 100) }) };
    const { entry, note } = deadLetterCopy(full, false);
    expect(Object.keys(entry.MessageAttributes!)).toEqual(["QueuehandMessageId"]);
    expect(note).toContain("copied without reason and receive count");
  });

  test("that fills 1 MiB goes as it is, and a warning says what is missing", async () => {
    await using bundle = await setup();
    const body = "é".repeat(524_288);
    expect(await bundle.copy({ message: message({ body }), reason: "bad" })).toEqual([{ ok: true }]);
    const [entry] = entriesOf((await bundle.server.seen("SendMessageBatch"))[0]);
    expect(entry).not.toHaveProperty("MessageAttributes");
    expect(bundle.facts).toMatchObject([
      { kind: "warning", text: expect.stringContaining("1048576 of 1048576 bytes") },
    ]);
  });

  test.each([
    ["control characters", "a\u0000b\u001bc", "a\uFFFDb\uFFFDc"],
    ["half a surrogate pair", "a\uD83D", "a\uFFFD"],
    ["nothing", "  ", "rejected"],
    ["too much", "x".repeat(5_000), "x".repeat(1_024)],
  ])("has a reason that SQS takes when it is given %s", async (_name, reason, sent) => {
    await using bundle = await setup();
    await bundle.copy({ message: message(), reason });
    const [entry] = entriesOf((await bundle.server.seen("SendMessageBatch"))[0]);
    expect(entry!.MessageAttributes).toMatchObject({ QueuehandReason: { StringValue: sent } });
  });
});

describe("dead letters", () => {
  test("go in as many batches as 1 MiB allows, and their results keep their order", async () => {
    await using bundle = await setup();
    const body = "x".repeat(600_000);
    const letters = ["a", "b", "c"].map((id) => ({
      message: message({ id, body: id === "c" ? "small" : body }),
      reason: "bad",
    }));
    bundle.server.script(
      "SendMessageBatch",
      { json: { Successful: [{ Id: "0" }] } },
      {
        json: { Successful: [{ Id: "1" }], Failed: [{ Id: "0", Code: "InternalError", SenderFault: false }] },
      },
    );
    const results = await bundle.copy(...letters);
    expect(results).toMatchObject([{ ok: true }, { ok: false, kind: "again" }, { ok: true }]);
    const calls = await bundle.server.seen("SendMessageBatch", 2);
    expect(calls.map((call) => entriesOf(call).map(({ Id }) => Id))).toEqual([["0"], ["0", "1"]]);
  });

  test("whose queue is gone are refused one by one, and nobody's worker ends", async () => {
    await using bundle = await setup();
    bundle.server.script("SendMessageBatch", refusal("QueueDoesNotExist"));
    expect(await bundle.copy({ message: message(), reason: "bad" })).toMatchObject([{ ok: false, kind: "refused" }]);
  });

  test("whose queue is out of reach are worth another try", async () => {
    await using bundle = await setup();
    bundle.server.script("SendMessageBatch", refusal("InternalFailure", { status: 500 }));
    expect(await bundle.copy({ message: message(), reason: "bad" })).toMatchObject([{ ok: false, kind: "again" }]);
  });

  test("are copied nowhere without a queue for them", async () => {
    await using bundle = await sqsBundle();
    expect(bundle.queue.copyToDeadLetters).toBeUndefined();
  });
});
