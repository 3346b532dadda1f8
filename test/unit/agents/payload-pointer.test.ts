import { describe, expect, test } from "@jest/globals";
import { payloadMark, pointerMessage, withPayload } from "../../../src/agents/payload-pointer.js";
import type { MessageAttribute, ReceivedMessage } from "../../../src/pipeline/ports/queue.js";

const number = (string: string): MessageAttribute => ({ type: "Number", string });
const mark = (body: string, ...attributes: [string, MessageAttribute][]) =>
  payloadMark({ body, attributes: new Map(attributes) });
const pointer = { bucket: "large", key: "c2dd0a4f-62ab-4d8d-a2a4-5d8a5b9c3d8e" };

/** As the libraries write it: Jackson without blanks, Python's json with them. */
const java = `["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"large","s3Key":"${pointer.key}"}]`;
const python = `["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": "large", "s3Key": "${pointer.key}"}]`;
const legacy = `["com.amazon.sqs.javamessaging.MessageS3Pointer",{"s3BucketName":"large","s3Key":"${pointer.key}"}]`;

describe("A pointer to a payload", () => {
  test.each([
    ["Java 2", java, "ExtendedPayloadSize"],
    ["Python", python, "ExtendedPayloadSize"],
    ["Java 1, and settings that keep to it", legacy, "SQSLargePayloadSize"],
    ["Java 2 with the older attribute", java, "SQSLargePayloadSize"],
  ])("is read as the library for %s writes it", (_, body, name) => {
    expect(mark(body, [name, number("1048577")])).toEqual({ kind: "pointer", pointer, bytes: 1_048_577 });
  });

  test("is what its sender wrote where no attribute marks it, as it is to the libraries", () => {
    for (const body of [java, python, legacy]) expect(mark(body)).toEqual({ kind: "inline" });
    expect(mark(java, ["size", number("9")])).toEqual({ kind: "inline" });
  });

  test("needs no good attribute", () => {
    expect(mark(java, ["ExtendedPayloadSize", number("many")])).toMatchObject({ bytes: undefined });
    expect(mark(java, ["ExtendedPayloadSize", number("-1")])).toMatchObject({ bytes: undefined });
  });

  test.each([
    "{}",
    "",
    '["a",{"s3BucketName":"b","s3Key":"k"}]',
    '["about MessageS3Pointer"]',
    `[${java}]`,
    "[not JSON with S3Pointer",
    '["software.amazon.payloadoffloading.PayloadS3Pointer","b"]',
  ])("is not %s, unless an attribute says so", (body) => {
    expect(mark(body)).toEqual({ kind: "inline" });
    expect(mark(body, ["ExtendedPayloadSize", number("9")])).toMatchObject({ kind: "broken" });
  });

  test.each([
    [{ s3Key: "k" }, "lacks s3BucketName or s3Key"],
    [{ s3BucketName: "b", s3Key: "" }, "lacks s3BucketName or s3Key"],
    [{ s3BucketName: "b", s3Key: 7 }, "lacks s3BucketName or s3Key"],
    [{ s3BucketName: "b", s3Key: "é".repeat(513) }, "more than 1024 bytes"],
    [{ s3BucketName: "b", s3Key: "../other/k" }, "a part that is . or .."],
    [{ s3BucketName: "b", s3Key: "a/.." }, "a part that is . or .."],
  ])("is broken as %j", (parts, detail) => {
    const body = JSON.stringify(["software.amazon.payloadoffloading.PayloadS3Pointer", parts]);
    expect(mark(body, ["ExtendedPayloadSize", number("9")])).toMatchObject({
      kind: "broken",
      detail: expect.stringContaining(detail),
    });
  });

  test("is written so that it can be read", () => {
    const { body, attribute } = pointerMessage(pointer, 2_000_000);
    expect(body).toBe(java);
    expect(mark(body, [...attribute])).toEqual({ kind: "pointer", pointer, bytes: 2_000_000 });
  });

  test("leaves no trace on the message that has its payload", () => {
    const attributes = new Map([
      ["ExtendedPayloadSize", number("5")],
      ["source", { type: "String", string: "import" }],
    ]);
    const message: ReceivedMessage = {
      id: "m",
      handle: "h",
      body: java,
      attributes,
      receiveCount: 1,
      sentAt: 1,
      intact: true,
    };
    const whole = withPayload(message, "hello");
    expect([whole.body, [...whole.attributes.keys()]]).toEqual(["hello", ["source"]]);
    expect([message.body, message.attributes.size]).toEqual([java, 2]);
  });
});
