import { describe, expect, test } from "@jest/globals";
import { eventBridge } from "../../../../src/agents/events/event-bridge.js";
import { snsBody } from "../../../../src/agents/events/sns-body.js";
import { identifierOf } from "../../../../src/agents/once/identity.js";
import { received } from "../../../support/agent-bundle.js";
import { busEvent, notification } from "../../../support/envelopes.js";

const whole = (key = "body:/id") => identifierOf({ key, payload: undefined });
const hashOf = (body: string, made?: unknown) =>
  whole().identify(received(body), made === undefined ? undefined : { body: made }).payloadHash;

describe("What a message is", () => {
  test("doesn't depend on how its JSON is written", () => {
    expect(hashOf('{"id":"7","amount":5}')).toBe(hashOf('{ "amount": 5.0, "id": "7" }'));
    expect(hashOf('{"id":"7","amount":5}')).not.toBe(hashOf('{"id":"7","amount":6}'));
    expect(hashOf("order 7")).not.toBe(hashOf("order  7"));
  });

  test("is what was published, not what SNS wraps around it", () => {
    const made = (n: number, message: string) => {
      const sent = notification(message, { n });
      return hashOf(sent, snsBody(sent));
    };
    expect(made(1, '{"id":7}')).toBe(made(2, '{ "id": 7 }'));
    expect(made(1, '{"id":7}')).not.toBe(made(1, '{"id":8}'));
    // As doubles these are one.
    expect(made(1, '{"id":12345678901234567890}')).not.toBe(made(1, '{"id":12345678901234567891}'));
  });

  test("is an event's source, kind, resources and detail, not the id and time of its bus", () => {
    const made = (n: number, more: object = {}) => {
      const sent = busEvent({ order: 7 }, { n, ...more });
      return hashOf(sent, eventBridge(sent));
    };
    expect(made(1)).toBe(made(2));
    for (const other of [{ detail: { order: 8 } }, { source: "your.shop" }, { "detail-type": "Order paid" }]) {
      expect(made(1, other)).not.toBe(made(1));
    }
    const through = notification(busEvent({ order: 7 }), { n: 3 });
    expect(hashOf(through, eventBridge(through))).toBe(made(1));
    const part = eventBridge<object>(busEvent({ order: 7 })).detail;
    expect(hashOf(busEvent({ order: 7 }), part)).toBe(hashOf('{"order":7}'));
  });

  test("is what was sent where a decoder makes what can't be compared", () => {
    class Order {
      constructor(readonly id: string) {}
    }
    expect(hashOf('{"id":"7"}', new Order("7"))).toBe(hashOf('{"id":"7"}', new Order("8")));
    expect(hashOf('{"id":"7"}', new Order("7"))).not.toBe(hashOf('{"id":"8"}', new Order("7")));
  });
});

describe("A key", () => {
  const keyOf = (key: string, body: string, made?: unknown) =>
    whole(key).identify(received(body), made === undefined ? undefined : { body: made }).key;

  test("is sought in what the decoder made, then in what was sent", () => {
    const sent = notification('{"id":"7"}', { Subject: "order-7" });
    expect(keyOf("body:/id", sent, snsBody(sent))).toEqual({ key: "7" });
    expect(keyOf("body:/Subject", sent, snsBody(sent))).toEqual({ key: "order-7" });
    expect(keyOf("body:/nowhere", sent, snsBody(sent))).toEqual({
      missing: "/nowhere in the body is no string and no safe number",
    });
    const event = busEvent({ id: "7" });
    expect(keyOf("body:/detail/id", event, eventBridge(event))).toEqual({ key: "7" });
    expect(keyOf("body:/detail-type", event, eventBridge(event))).toEqual({ key: "Order placed" });
    expect(keyOf("body:/id", "aWQ=", { id: "7" })).toEqual({ key: "7" });
  });

  test("is an attribute or an id whatever the body is", () => {
    const message = received("x", { attributes: [["order", { type: "String", string: "7" }]] });
    expect(whole("attribute:order").identify(message, { body: new Map() }).key).toEqual({ key: "7" });
    expect(whole("messageId").identify(message).key).toEqual({ key: "message-1" });
  });
});

describe("The payload that counts", () => {
  const rule = (payload: string) => identifierOf({ key: "body:/id", payload });
  const hash = (payload: string, body: string, made?: unknown) =>
    rule(payload).identify(received(body), made === undefined ? undefined : { body: made }).payloadHash;

  test("may be a part of the body", () => {
    const at = (amount: number, n: number) => JSON.stringify({ id: "7", sentAt: n, order: { amount } });
    expect(hash("body:/order", at(5, 1))).toBe(hash("body:/order", at(5, 2)));
    expect(hash("body:/order", at(5, 1))).not.toBe(hash("body:/order", at(6, 1)));
  });

  test("may be a part of what a decoder made, or of what was sent", () => {
    const sent = (n: number, message: string) => notification(message, { n, Subject: "s" });
    const made = (n: number, message: string, payload: string) =>
      hash(payload, sent(n, message), snsBody(sent(n, message)));
    expect(made(1, '{"id":1,"a":1}', "body:/a")).toBe(made(2, '{"id":2,"a":1}', "body:/a"));
    expect(made(1, '{"id":1}', "body:/Subject")).toBe(made(2, '{"id":2}', "body:/Subject"));
  });

  test("is all of the body where it has no such part: else a wrong pointer would make all of them the same", () => {
    expect(hash("body:/nowhere", '{"id":1}')).not.toBe(hash("body:/nowhere", '{"id":2}'));
    expect(hash("body:/id", "text 1")).not.toBe(hash("body:/id", "text 2"));
  });
});
