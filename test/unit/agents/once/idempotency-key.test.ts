import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { jsonPointer, keyFinder } from "../../../../src/agents/once/idempotency-key.js";
import type { MessageAttribute, ReceivedMessage } from "../../../../src/pipeline/ports/queue.js";

function message(body: string, attributes: Record<string, MessageAttribute> = {}): ReceivedMessage {
  return {
    id: "id-1",
    handle: "handle",
    body,
    attributes: new Map(Object.entries(attributes)),
    receiveCount: 1,
    sentAt: 0,
    intact: true,
  };
}
const text = (string: string): MessageAttribute => ({ type: "String", string });

describe("the key of a message", () => {
  test("is its id, and after a redrive the id that it had at first", () => {
    const keyOf = keyFinder("messageId");
    expect(keyOf(message("{}"))).toEqual({ key: "id-1" });
    expect(keyOf(message("{}", { QueuehandMessageId: text("first") }))).toEqual({ key: "first" });
    const packed = JSON.stringify({ reason: "x", messageId: "packed", receiveCount: 1 });
    expect(keyOf(message("{}", { Queuehand: text(packed) }))).toEqual({ key: "packed" });
    expect(keyOf(message("{}", { Queuehand: text("no JSON") }))).toEqual({ key: "id-1" });
  });

  test("is an attribute", () => {
    const keyOf = keyFinder("attribute:order");
    expect(keyOf(message("", { order: text("42") }))).toEqual({ key: "42" });
    expect(keyOf(message(""))).toEqual({ missing: "the message has no attribute order" });
    expect(keyOf(message("", { order: text("") }))).toMatchObject({ missing: expect.any(String) });
    expect(keyOf(message("", { order: { type: "Binary", binary: new Uint8Array(1) } }))).toHaveProperty("missing");
  });

  test("is a string or a safe number in the body", () => {
    const keyOf = keyFinder("body:/order/id");
    expect(keyOf(message('{"order":{"id":"a"}}'))).toEqual({ key: "a" });
    expect(keyOf(message('{"order":{"id":42}}'))).toEqual({ key: "42" });
    expect(keyOf(message('{"order":{"id":1.5}}'))).toEqual({ key: "1.5" });
    // Two such numbers that differ would be one key.
    for (const bad of [
      "12345678901234567890",
      "9007199254740993.5",
      "1e400",
      "-1e400",
      "1e308",
      "null",
      "true",
      '""',
      "{}",
      "[1]",
    ]) {
      expect(keyOf(message(`{"order":{"id":${bad}}}`))).toEqual({
        missing: "/order/id in the body is no string and no safe number",
      });
    }
    expect(keyOf(message('{"order":null}'))).toHaveProperty("missing");
    expect(keyOf(message("not json"))).toEqual({ missing: "the body is no JSON" });
    expect(keyFinder("body:")(message('"all of it"'))).toEqual({ key: "all of it" });
  });
});

describe("a key with half a character", () => {
  const missing = "it has half a character in it (a lone surrogate)";

  test("is none, wherever it comes from", () => {
    expect(keyFinder("body:/n")(message('{"n":"\\ud800"}'))).toEqual({ missing });
    expect(keyFinder("attribute:order")(message("", { order: text("a\udc00") }))).toEqual({ missing });
    expect(keyFinder("messageId")(message("", { QueuehandMessageId: text("\ud800") }))).toEqual({ missing });
  });

  test("is one with both of its halves", () => {
    expect(keyFinder("body:/n")(message('{"n":"\\ud83d\\ude00"}'))).toEqual({ key: "😀" });
  });
});

test("whatever stands in a body, its key is text that a table takes, or is missing for a reason", () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.double(), fc.string({ unit: "binary" })), (n) => {
      const found = keyFinder("body:/n")(message(JSON.stringify({ n })));
      if ("missing" in found) expect(found.missing).not.toBe("");
      else {
        expect(found.key.isWellFormed()).toBe(true);
        expect(found.key).not.toMatch(/^$|NaN|Infinity/);
      }
    }),
  );
});

describe("a JSON pointer", () => {
  test.each([
    ["", { a: 1 }, { a: 1 }],
    ["/a/0/b", { a: [{ b: 1 }] }, 1],
    ["/a~1b/m~0n", { "a/b": { "m~n": 2 } }, 2],
    ["/", { "": 3 }, 3],
    ["/~01", { "~1": 4 }, 4],
    ["/a/-", { a: [1] }, undefined],
    ["/a/00", { a: [1] }, undefined],
    ["/a/length", { a: [1] }, undefined],
    ["/constructor", {}, undefined],
    ["/a/b", { a: "b" }, undefined],
  ])("%j leads to where RFC 6901 says", (pointer, value, found) => {
    expect(jsonPointer(pointer)(value)).toEqual(found);
  });

  test("that begins with no slash is none", () => {
    expect(() => jsonPointer("order")).toThrow('a JSON pointer is empty or begins with /, got "order"');
  });
});
