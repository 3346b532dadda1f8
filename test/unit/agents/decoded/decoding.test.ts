import { describe, expect, test } from "@jest/globals";
import type { Inside } from "../../../../src/agents/decoded/decoder.js";
import { decodingOf } from "../../../../src/agents/decoded/decoding.js";
import { parsedBody } from "../../../../src/agents/message.js";
import { DECODER_NAMES } from "../../../../src/pipeline/ports/decoder-names.js";
import type { MessageAttribute } from "../../../../src/pipeline/ports/queue.js";
import { busEvent, notification } from "../../../support/envelopes.js";
import { base64, text } from "../../../support/producers/producer-message.js";
import { PRODUCERS } from "../../../support/producers/producers.js";
import { celeryTask } from "../../../support/producers/python.js";

const sent = (body: string, attributes: Readonly<Record<string, MessageAttribute>> = {}) => ({
  body,
  attributes: new Map(Object.entries(attributes)),
});
const auto = decodingOf(["auto"]);
const seenIn = (inside: Inside | undefined, body: string) => {
  const seen = inside?.body ?? body;
  return typeof seen === "string" ? parsedBody(seen) : new Uint8Array(seen);
};
const attributesOf = (attributes: ReadonlyMap<string, MessageAttribute>) =>
  Object.fromEntries(
    [...attributes].map(([name, { string, binary }]) => [name, string ?? base64(binary ?? new Uint8Array())]),
  );

describe.each(PRODUCERS.filter(({ payload }) => !payload))("A message of $producer $version", (message) => {
  const { body, attributes = {}, seen, seenAttributes } = message;

  test("is seen as its producer said it, by auto", () => {
    const inside = auto(sent(body, attributes));
    expect(seenIn(inside, body)).toEqual(seen);
    const found = attributesOf(inside?.attributes ?? sent(body, attributes).attributes);
    expect(found).toEqual(seenAttributes ?? attributesOf(new Map(Object.entries(attributes))));
  });

  test("and by all names but base64, which takes any text of base64", () => {
    const named = decodingOf(DECODER_NAMES.filter((name) => name !== "base64" || "content-type" in attributes));
    expect(seenIn(named(sent(body, attributes)), body)).toEqual(seen);
  });
});

const pickled = base64(
  Buffer.from(celeryTask([], {}), "base64").toString().replace("application/json", "application/x-python-serialize"),
);
const event = JSON.parse(busEvent({ id: 7 }));

describe("auto leaves alone", () => {
  test.each<[string, string, Record<string, MessageAttribute>]>([
    ["text", "an order", {}],
    ["a word that is base64", "order123", {}],
    ["base64 of JSON that no attribute calls JSON", base64('{"id":7}'), {}],
    ["base64 of text that an attribute calls JSON", base64("order"), { "content-type": text("application/json") }],
    ["an object with some of a topic's names", '{"Type":"Notification","TopicArn":"arn:x","Message":"m"}', {}],
    ["an event without a bus", JSON.stringify({ "detail-type": "x", source: "y", detail: {} }), {}],
    ["an event of another version", JSON.stringify({ ...event, version: "2" }), {}],
    ["an event whose detail is no object", JSON.stringify({ ...event, detail: "soon" }), {}],
    ["a Celery task that isn't JSON", pickled, {}],
    ["an attribute with a percent sign", "{}", { discount: text("5%25") }],
    ["a mark of gocloud's on what is no base64", "{}", { base64encoded: text("true") }],
    ["a JMS message of bytes that aren't base64", "{}", { JMS_SQSMessageType: text("byte") }],
    ["a name with half an escape", "{}", { a__0x20: text("5") }],
    ["an escape beyond all characters", "{}", { a__0xffffff__: text("5") }],
  ])("%s", (_, body, attributes) => {
    expect(auto(sent(body, attributes))).toBeUndefined();
  });
});

describe("What is named and can't be read is refused, in words", () => {
  test.each<[string, string, string, Record<string, MessageAttribute>]>([
    ["celery", pickled, "serializer is json", {}],
    ["celery", celeryTask([], {}, { compression: "application/x-gzip" }), "isn't compressed", {}],
    ["celery", celeryTask([], {}, { task: null }), "has a name, args and kwargs", {}],
    ["eventbridge", JSON.stringify({ "detail-type": "x", source: "y" }), "source, detail-type and detail", {}],
    ["jms", "{}", "is base64", { JMS_SQSMessageType: text("byte") }],
    ["gocloud", "{}", "is base64", { base64encoded: text("true") }],
    ["sns", notification("m", { Type: "SubscriptionConfirmation" }), "has to answer by its SubscribeURL", {}],
    ["auto", notification("m", { Type: "SubscriptionConfirmation" }), "has to answer by its SubscribeURL", {}],
  ])("%s: %s", (name, body, why, attributes) => {
    expect(() => decodingOf([name])(sent(body, attributes))).toThrow(why);
  });

  test.each([["sqs"], [""], ["auto,sns"], ["__proto__"]])("and a name that is none: %s", (name) => {
    expect(() => decodingOf(name === "" ? [] : name.split(","))).toThrow(TypeError);
  });
});

describe("What is inside", () => {
  test("keeps the digits that JavaScript hasn't, for agents that have them", () => {
    const args = '[12345678901234567890, 1.0, 1e3, "1.0"]';
    const task = Buffer.from(celeryTask([], {}), "base64").toString();
    const inner = /"body": "([^"]+)"/.exec(task)![1]!;
    const content = Buffer.from(inner, "base64").toString().replace("[]", args);
    const { body, said } = auto(sent(base64(task.replace(inner, base64(content)))))!;
    expect(body).toContain('"args":[12345678901234567890,1.0,1e3,"1.0"]');
    expect(said!()).toContain("12345678901234567890".slice(0, -1));
    const event = busEvent({ id: 7 }).replace('"id":7', '"id":12345678901234567891');
    expect(auto(sent(event))!.body).toContain('"id":12345678901234567891');
  });

  test("may have something around it in turn, to a depth that somebody builds on purpose", () => {
    const wrapped = (times: number): string => (times === 0 ? busEvent({ id: 7 }) : notification(wrapped(times - 1)));
    expect(JSON.parse(auto(sent(wrapped(4)))!.body as string)).toMatchObject({ detail: { id: 7 } });
    expect(JSON.parse(auto(sent(wrapped(5)))!.body as string)).toMatchObject({ Type: "Notification" });
    const named = decodingOf(["base64"]);
    expect(named(sent(base64("abcd")))!.body).toBe("abcd");
  });

  test("is the same twice where the task is, whatever its id, its time and the way its JSON is written", () => {
    const one = auto(sent(celeryTask([7], { a: 1, b: 2 })))!.said!();
    expect(auto(sent(celeryTask([7], { b: 2, a: 1 }, { id: "other", retries: 1 })))!.said!()).toBe(one);
    expect(auto(sent(celeryTask([8], { a: 1, b: 2 })))!.said!()).not.toBe(one);
    expect(auto(sent(celeryTask([7], { a: 1, b: 2 }, { task: "other" })))!.said!()).not.toBe(one);
  });

  test("of a topic's envelope has its attributes, and those of the message itself before them", () => {
    const body = notification("m", {
      MessageAttributes: { a: { Type: "String", Value: "inside" }, b: { Type: "Number", Value: "1" }, c: 7, d: {} },
    });
    const { attributes } = decodingOf(["sns"])(sent(body, { a: text("outside") }))!;
    expect([...attributes!]).toEqual([
      ["a", { type: "String", string: "outside" }],
      ["b", { type: "Number", string: "1" }],
    ]);
  });

  test("says when its producer wants it to run", () => {
    const { notBefore } = auto(sent(celeryTask([], {}, { eta: "2026-11-28T13:00:00.123456+01:00" })))!;
    expect(notBefore).toBe(Date.parse("2026-11-28T12:00:00.123Z"));
    expect(auto(sent(celeryTask([], {}, { eta: "soon" })))!.notBefore).toBeUndefined();
  });
});
