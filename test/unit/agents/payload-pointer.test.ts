import { describe, expect, test } from "@jest/globals";
import { payloadMark, pointerMessage, withPayload } from "../../../src/agents/payload-pointer.js";
import type { MessageAttribute, ReceivedMessage } from "../../../src/pipeline/ports/queue.js";

import { notification } from "../../support/envelopes.js";

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
    expect(mark(body, [name, number("1048577")])).toEqual({
      kind: "pointer",
      pointer,
      bytes: 1_048_577,
      attributes: new Map(),
    });
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
    expect(mark(body, [...attribute])).toMatchObject({ kind: "pointer", pointer, bytes: 2_000_000 });
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
    const found = payloadMark(message);
    const whole = withPayload(message, "hello", found.kind === "pointer" ? found.attributes : new Map());
    expect([whole.body, [...whole.attributes.keys()]]).toEqual(["hello", ["source"]]);
    expect([message.body, message.attributes.size]).toEqual([java, 2]);
  });
});

describe("A pointer in another shape", () => {
  const size = ["ExtendedPayloadSize", number("9")] as [string, MessageAttribute];
  const plain = JSON.stringify({ s3BucketName: "large", s3Key: pointer.key });
  const taskiq = JSON.stringify({ s3_bucket: "large", s3_key: pointer.key });
  const big = JSON.stringify({ S3Payload: { Id: "1", Bucket: "large", Key: pointer.key, Location: "https://x" } });
  const inTopic = (message: string, MessageAttributes: object = {}) => notification(message, { MessageAttributes });
  const sized = { ExtendedPayloadSize: { Type: "Number", Value: "9" }, tenant: { Type: "String", Value: "a" } };

  test("is followed where an attribute marks it: a plain object, and taskiq's", () => {
    expect(mark(plain, size)).toMatchObject({ pointer, bytes: 9 });
    const marked = ["s3_extended_message", { type: "String", string: "True" }] as [string, MessageAttribute];
    expect(mark(taskiq, marked)).toEqual({ kind: "pointer", pointer, bytes: undefined, attributes: new Map() });
    for (const body of [plain, taskiq]) expect(mark(body)).toEqual({ kind: "inline" });
  });

  test("is told of where a body alone marks it, and followed where it is named", () => {
    const through = inTopic(java, sized);
    expect(mark(through)).toEqual({
      kind: "broken",
      detail: "its body is an SNS envelope around a pointer: followed only where DECODE names sns",
    });
    expect(mark(big)).toMatchObject({ kind: "broken", detail: expect.stringContaining("sns-sqs-big-payload") });
    const follow = (body: string, ...names: string[]) => payloadMark({ body, attributes: new Map() }, names);
    expect(follow(through, "auto")).toMatchObject({ kind: "broken" });
    expect(follow(through, "celery", "sns")).toEqual({
      kind: "pointer",
      pointer,
      bytes: 9,
      attributes: new Map([["tenant", { type: "String", string: "a" }]]),
    });
    expect(follow(inTopic(through), "sns")).toMatchObject({ kind: "pointer", pointer });
    expect(follow(big, "sns-sqs-big-payload")).toMatchObject({ kind: "pointer", pointer, bytes: undefined });
    expect(follow(inTopic(big), "sns-sqs-big-payload")).toMatchObject({ kind: "broken" });
    expect(follow(inTopic(big), "sns")).toMatchObject({ kind: "broken" });
    expect(follow(inTopic(big), "sns", "sns-sqs-big-payload")).toMatchObject({ kind: "pointer", pointer });
  });

  test.each([
    ["an envelope around something else", inTopic('{"id":7}', { tenant: { Type: "String", Value: "a" } })],
    ["an envelope around a pointer that it doesn't mark", inTopic(java)],
    ["an object with more than a pointer of sns-sqs-big-payload's", JSON.stringify({ S3Payload: {}, id: 7 })],
    ["a text about it", 'the "S3Payload" of a "TopicArn"'],
    ["a request to confirm a subscription", notification(java, { Type: "SubscriptionConfirmation" })],
  ])("is not %s", (_, body) => {
    for (const follow of [[], ["sns", "sns-sqs-big-payload"]]) {
      expect(payloadMark({ body, attributes: new Map() }, follow)).toEqual({ kind: "inline" });
    }
  });

  test.each([
    ["an order", "no JSON"],
    ["[1,2,3]", "a list of 3"],
    ['{"id":7,"amount":5}', 'an object of "id", "amount"'],
    ["null", "null"],
    ["7", "a number"],
  ])("is told by its shape where it is none that is known: %s is %s", (body, shape) => {
    expect(mark(body, size)).toMatchObject({
      kind: "broken",
      detail: expect.stringContaining(`but its body is no pointer: ${shape}`),
    });
  });

  test("is checked like any other", () => {
    const evil = JSON.stringify({ S3Payload: { Bucket: "large", Key: "../secrets" } });
    const found = payloadMark({ body: evil, attributes: new Map() }, ["sns-sqs-big-payload"]);
    expect(found).toMatchObject({ kind: "broken", detail: expect.stringContaining("a part that is . or ..") });
  });
});
