import { describe, expect, test } from "@jest/globals";
import { BYTES_MAX, deadLetterCopy } from "../../../../src/aws/sqs/dead-letter-copy.js";
import { letterOf } from "../../../../src/aws/sqs/letter.js";
import { redriveCopy } from "../../../../src/aws/sqs/redrive-copy.js";
import type { WireAttribute } from "../../../../src/aws/wire/wire-attributes.js";

const text = (StringValue: string): WireAttribute => ({ DataType: "String", StringValue });

function received(attributes: Record<string, WireAttribute>, system: Record<string, string> = {}, body = "body") {
  return letterOf({
    MessageId: "here",
    ReceiptHandle: "handle",
    Body: body,
    Attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1000", ...system },
    MessageAttributes: attributes,
  })!;
}

describe("a dead letter on its way back", () => {
  test("is as it was sent, but for the id that it had at first", () => {
    const rejected = deadLetterCopy(
      {
        reason: "bad",
        message: {
          id: "first",
          handle: "h",
          body: "body",
          attributes: new Map([
            ["__proto__", { type: "String.x", string: "1" }],
            ["bytes", { type: "Binary", binary: new Uint8Array([1, 2]) }],
          ]),
          receiveCount: 3,
          sentAt: 0,
          intact: true,
          groupId: "tenant",
          traceHeader: "Root=1",
        },
      },
      false,
    ).entry;
    const letter = received(rejected.MessageAttributes!, {
      MessageGroupId: rejected.MessageGroupId!,
      AWSTraceHeader: "Root=1",
    });
    expect(letter).toMatchObject({ way: "rejected", reason: "bad", originalId: "first", receivesBefore: 3 });
    const { entry } = redriveCopy(letter, "mended", false);
    expect(Object.entries(entry.MessageAttributes!)).toEqual([
      ["__proto__", { DataType: "String.x", StringValue: "1" }],
      ["bytes", { DataType: "Binary", BinaryValue: "AQI=" }],
      ["QueuehandMessageId", text("first")],
    ]);
    expect(entry).toMatchObject({
      MessageBody: "mended",
      MessageGroupId: "tenant",
      MessageSystemAttributes: { AWSTraceHeader: text("Root=1") },
    });
    expect(entry).not.toHaveProperty("MessageDeduplicationId");
  });

  test("keeps the id at first through a second round", () => {
    const once = received({ QueuehandMessageId: text("first") }, { DeadLetterQueueSourceArn: "arn" });
    expect(once).toMatchObject({ way: "receives", originalId: "first", sourceArn: "arn" });
    expect(redriveCopy(once, "body", false).entry.MessageAttributes).toEqual({ QueuehandMessageId: text("first") });
  });

  test("that SQS moved here gets the id that it has here", () => {
    const { entry } = redriveCopy(received({}, { DeadLetterQueueSourceArn: "arn" }), "body", false);
    expect(entry.MessageAttributes).toEqual({ QueuehandMessageId: text("here") });
  });

  test("of one packed attribute keeps the user's nine", () => {
    const nine = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`a${n}`, text("x")]));
    const packed = text(JSON.stringify({ reason: "bad", messageId: "first", receiveCount: 2 }));
    const letter = received({ ...nine, Queuehand: packed });
    expect(letter).toMatchObject({ reason: "bad", originalId: "first", receivesBefore: 2 });
    const names = Object.keys(redriveCopy(letter, "body", false).entry.MessageAttributes!);
    expect(names).toEqual([...Object.keys(nine), "QueuehandMessageId"]);
  });

  test("without room for the id goes without it", () => {
    const ten = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`a${n}`, text("x")]));
    expect(Object.keys(redriveCopy(received(ten), "b", false).entry.MessageAttributes!)).toHaveLength(10);
    const { entry, bytes } = redriveCopy(received({}), "x".repeat(BYTES_MAX), false);
    expect([entry.MessageAttributes, bytes]).toEqual([undefined, BYTES_MAX]);
  });

  test("on FIFO keeps its group, and has a deduplication id of its own that is always the same", () => {
    const letter = received({}, { MessageGroupId: "g", MessageDeduplicationId: "sent-with" });
    const { entry } = redriveCopy(letter, "body", true);
    expect(entry).toMatchObject({ MessageGroupId: "g", MessageDeduplicationId: "redrive-here" });
    expect(redriveCopy(received({}), "body", true).entry.MessageGroupId).toBe("here");
  });
});

describe("what is known of a dead letter", () => {
  test("that gave up with a worker's last words is its last error", () => {
    const gaveUp = received({ QueuehandReason: text("gave up after 5 receives: TypeError: a\nb") });
    expect(gaveUp).toMatchObject({ way: "receives", reason: "TypeError: a\nb" });
    expect(received({}, { DeadLetterQueueSourceArn: "arn" })).toMatchObject({ way: "receives", reason: undefined });
    expect(received({})).toMatchObject({ way: "sent", reason: undefined });
  });
});
