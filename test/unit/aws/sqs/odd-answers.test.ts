import { hash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { entryResults } from "../../../../src/aws/sqs/batch-answer.js";
import { letterOf } from "../../../../src/aws/sqs/letter.js";
import { attributesOf } from "../../../../src/aws/sqs/queue-description.js";
import { handlesIn, messagesOf } from "../../../../src/aws/sqs/receive-answer.js";
import type { ReceivedMessage } from "../../../../src/pipeline/ports/queue.js";

const good = (name: string) => ({
  MessageId: `id-${name}`,
  ReceiptHandle: `handle-${name}`,
  Body: `body of ${name}`,
  MD5OfBody: hash("md5", `body of ${name}`),
  Attributes: { ApproximateReceiveCount: "2", SentTimestamp: "1767225600000" },
  MessageAttributes: { a: { DataType: "String", StringValue: "v" } },
});

/** The messages of an answer, and what was told of it. */
function received(...answer: unknown[]) {
  const told: string[] = [];
  const messages = messagesOf(answer, 10, (detail, count) => told.push(`${count} × ${detail}`));
  return { messages, told };
}

/** Every field is of its type: what a pipeline takes for granted. */
function expectSound(message: ReceivedMessage): void {
  const { id, handle, body, receiveCount, sentAt = 1, firstReceivedAt = 1, attributes } = message;
  expect([id, handle, body].map((text) => typeof text)).toEqual(["string", "string", "string"]);
  expect(id && handle).not.toBe("");
  expect(Number.isSafeInteger(receiveCount) && receiveCount >= 1).toBe(true);
  for (const time of [sentAt, firstReceivedAt]) expect(new Date(time).toISOString()).toEqual(expect.any(String));
  for (const name of ["groupId", "sequenceNumber", "deduplicationId", "traceHeader"] as const) {
    expect(["string", "undefined"]).toContain(typeof message[name]);
  }
  for (const { type, string = "", binary = Buffer.alloc(0) } of attributes.values()) {
    expect([typeof type, typeof string, ArrayBuffer.isView(binary)]).toEqual(["string", "string", true]);
  }
  expect(message.damage === undefined).toBe(message.intact);
}

const path = fc.constantFrom(
  ["MessageId"],
  ["ReceiptHandle"],
  ["Body"],
  ["MD5OfBody"],
  ["Attributes"],
  ["Attributes", "ApproximateReceiveCount"],
  ["Attributes", "SentTimestamp"],
  ["Attributes", "ApproximateFirstReceiveTimestamp"],
  ["Attributes", "MessageGroupId"],
  ["Attributes", "SequenceNumber"],
  ["Attributes", "AWSTraceHeader"],
  ["Attributes", "DeadLetterQueueSourceArn"],
  ["MessageAttributes"],
  ["MessageAttributes", "a"],
  ["MessageAttributes", "a", "DataType"],
  ["MessageAttributes", "a", "StringValue"],
  ["MessageAttributes", "a", "BinaryValue"],
);

/** `of` with the field at `path` replaced. */
function withField(of: object, [name, ...rest]: readonly string[], value: unknown): object {
  const before = (of as Record<string, unknown>)[name!];
  return { ...of, [name!]: rest.length === 0 ? value : withField((before ?? {}) as object, rest, value) };
}

describe("one message of an answer with any JSON in one of its fields", () => {
  test("touches no other message, and is sound or set aside", () => {
    fc.assert(
      fc.property(path, fc.jsonValue(), (at, value) => {
        const { messages } = received(good("a"), withField(good("odd"), at, value), good("b"));
        for (const message of messages) expectSound(message);
        const healthy = messages.filter(({ id }) => id === "id-a" || id === "id-b");
        expect(healthy.map(({ intact }) => intact)).toEqual([true, true]);
      }),
    );
  });

  test("is sound as a dead letter, too", () => {
    fc.assert(
      fc.property(path, fc.jsonValue(), (at, value) => {
        const letter = letterOf(withField(good("odd"), at, value));
        if (!letter) return;
        expectSound(letter.message);
        expect(["string", "undefined"]).toContain(typeof letter.sourceArn);
      }),
    );
  });
});

describe("a message is set aside, and told of,", () => {
  test.each<[string, object]>([
    ["its MessageId is no text", { MessageId: 7 }],
    ["its Body is no text", { Body: { n: 1 } }],
    ["its Body is null", { Body: null, MD5OfBody: undefined }],
    ["its Attributes is no object", { Attributes: "x" }],
    ["its MessageGroupId is no text", { Attributes: { MessageGroupId: 5 } }],
    ["its MessageAttributes is no object", { MessageAttributes: "x" }],
    ['its attribute "a" is no object', { MessageAttributes: { a: null } }],
    ["its StringValue is no text", { MessageAttributes: { a: { DataType: "String", StringValue: { x: 1 } } } }],
    ["its BinaryValue is no text", { MessageAttributes: { a: { DataType: "Binary", BinaryValue: 5 } } }],
    ["the body's MD5 doesn't match", { MD5OfBody: 5 }],
  ])("because %s", (damage, fields) => {
    const { messages, told } = received(good("a"), { ...good("odd"), ...fields }, good("b"));
    expect(messages.map(({ damage }) => damage)).toEqual([undefined, damage, undefined]);
    expect(told).toEqual([`1 × a message came damaged, and no agent sees it: ${damage}`]);
  });

  test.each([
    [5],
    ["x"],
    [[]],
    [null],
    [{ ...good("odd"), ReceiptHandle: 42 }],
    [{ ...good("odd"), ReceiptHandle: {} }],
  ])("because nothing can be done to it: %j", (odd) => {
    const { messages, told } = received(good("a"), odd, good("b"));
    expect(messages.map(({ id }) => id)).toEqual(["id-a", "id-b"]);
    expect(told).toEqual(["1 × a message without receipt handle was left to its visibility timeout"]);
  });
});

test("a count or a time that is none is taken for one that wasn't said", () => {
  const Attributes = { ApproximateReceiveCount: "1e999", SentTimestamp: "99999999999999999" };
  const { messages, told } = received({ ...good("a"), Attributes });
  expect(messages).toMatchObject([{ receiveCount: 1, sentAt: undefined, intact: true }]);
  expect(told).toEqual([]);
});

test("an empty list of attributes is none, as some languages write it", () => {
  expect(received({ ...good("a"), MessageAttributes: [] }).messages).toMatchObject([{ intact: true }]);
});

describe("a batch's answer", () => {
  test("of any JSON gives one result for each entry", () => {
    const entry = fc.oneof(
      fc.jsonValue(),
      fc.record({
        Id: fc.oneof(fc.jsonValue(), fc.constantFrom("0", "1", "9")),
        Code: fc.jsonValue(),
        Message: fc.jsonValue(),
      }),
    );
    const list = fc.oneof(fc.jsonValue(), fc.array(entry));
    fc.assert(
      fc.property(list, list, (Successful, Failed) => {
        const results = entryResults(3, { Successful, Failed });
        expect(results).toHaveLength(3);
        expect(Object.keys(results)).toHaveLength(3);
        for (const result of results) {
          if (!result.ok) expect([typeof result.kind, typeof result.detail]).toEqual(["string", "string"]);
        }
      }),
    );
  });

  test("takes no success from an id that we didn't give", () => {
    const Successful = [{ Id: null }, { Id: "" }, { Id: [] }, null, 5, { Id: "1" }];
    expect(entryResults(2, { Successful }).map(({ ok }) => ok)).toEqual([false, true]);
  });
});

test("handles are made out of any text", () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom('"ReceiptHandle":"', '"', "\\", "\\x", "\\u12", "h"));
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      for (const handle of handlesIn(pieces.join(""))) expect(typeof handle).toBe("string");
    }),
  );
  expect(handlesIn('"ReceiptHandle":"a\\x","ReceiptHandle":"b"')).toEqual(["b"]);
});

test("a queue's attributes are read whatever they are", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const given = { VisibilityTimeout: value, ApproximateNumberOfMessages: value } as never;
      const { visibilityTimeoutSeconds = 1, counts } = attributesOf(given, "http://127.0.0.1/1/q");
      expect(Number.isFinite(visibilityTimeoutSeconds) && Number.isFinite(counts.visible)).toBe(true);
    }),
  );
});

test.each(["", 0, -3, 2.5, "many", null])("a maxReceiveCount that is none isn't known: %j", (maxReceiveCount) => {
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: "arn:aws:sqs:eu-west-1:1:dlq", maxReceiveCount });
  expect(attributesOf({ RedrivePolicy }, "https://host/1/tasks").maxReceiveCount).toBeUndefined();
});
