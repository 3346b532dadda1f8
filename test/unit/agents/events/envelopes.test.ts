import { describe, expect, test } from "@jest/globals";
import { eventBridge } from "../../../../src/agents/events/event-bridge.js";
import { snsBody } from "../../../../src/agents/events/sns-body.js";

const TopicArn = "arn:aws:sns:us-east-1:123456789012:orders";
const envelope = (Message: string, Type = "Notification") =>
  JSON.stringify({ Type, MessageId: "m", TopicArn, Message, Timestamp: "2026-01-01T00:00:00.000Z" });

describe("What comes through a topic", () => {
  test("is the published message, in an envelope or raw", () => {
    expect(snsBody(envelope('{"order":7}'))).toEqual({ order: 7 });
    expect(snsBody('{"order":7}')).toEqual({ order: 7 });
    expect(snsBody(envelope("hello"))).toBe("hello");
    expect(snsBody("hello")).toBe("hello");
  });

  test("may itself speak of topics", () => {
    const body = { TopicArn, order: 7 };
    expect(snsBody(JSON.stringify(body))).toEqual(body);
    expect(snsBody('"TopicArn" is a word')).toBe('"TopicArn" is a word');
  });

  test("is no request to confirm a subscription, which nobody may answer unasked", () => {
    expect(() => snsBody(envelope("You have chosen to subscribe ...", "SubscriptionConfirmation"))).toThrow(
      `${TopicArn} sent a SubscriptionConfirmation`,
    );
  });

  test("is unwrapped a few times and no more", () => {
    let body = "{}";
    for (let depth = 0; depth < 5; depth++) body = envelope(body);
    expect(() => snsBody(body)).toThrow("more than 4 SNS envelopes");
  });
});

describe("Events of EventBridge", () => {
  const clock = {
    version: "0",
    id: "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: "123456789012",
    time: "2015-10-08T16:53:06Z",
    region: "us-east-1",
    resources: ["arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule"],
    detail: {},
  };

  test("of EventBridge Scheduler without an input have their detail as text", () => {
    const scheduled = { ...clock, source: "aws.scheduler", detail: "{}" };
    expect(eventBridge(JSON.stringify(scheduled))).toMatchObject({ source: "aws.scheduler", detail: {} });
    for (const detail of ["", "[]", "soon", '"{}"', "null"]) {
      expect(() => eventBridge(JSON.stringify({ ...clock, detail }))).toThrow("source, detail-type and detail");
    }
  });

  test("have names as code likes them", () => {
    const wanted = {
      id: clock.id,
      source: "aws.events",
      detailType: "Scheduled Event",
      detail: {},
      account: "123456789012",
      region: "us-east-1",
      time: Date.UTC(2015, 9, 8, 16, 53, 6),
      resources: clock.resources,
    };
    expect(eventBridge(JSON.stringify(clock))).toEqual(wanted);
    expect(eventBridge(envelope(JSON.stringify(clock)))).toEqual(wanted);
  });

  test.each(["{}", '{"source":"my.shop","detail-type":"order"}', '{"task_id":"scheduled","data":{}}'])(
    "are not %s",
    (body) => {
      expect(() => eventBridge(body)).toThrow("has source, detail-type and detail");
    },
  );
});
