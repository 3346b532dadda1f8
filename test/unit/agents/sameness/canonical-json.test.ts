import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson, canonicalText } from "../../../../src/agents/sameness/canonical-json.js";

/** Writes a value as some other library would: blanks, and members in another order. */
function otherwise(value: unknown): string {
  if (Array.isArray(value)) return `[ ${value.map(otherwise).join(" , ")}\n]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).reverse();
  return `{\t${members.map(([name, member]) => `${JSON.stringify(name)} : ${otherwise(member)}`).join(",\r\n")} }`;
}

describe("The canonical form of a text", () => {
  test("is the same whatever blanks and order its JSON has", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(canonicalText(otherwise(value))).toBe(canonicalText(JSON.stringify(value)));
      }),
    );
  });

  test("differs where the values do", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        // A round trip, since JSON knows no -0.
        fc.pre(!isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other))));
        expect(canonicalText(JSON.stringify(one))).not.toBe(canonicalText(JSON.stringify(other)));
      }),
    );
  });

  test.each([
    ["1", "1.0", "1.00e0", "10e-1", "0.1E1"],
    ["0", "-0", "0.000", "0e5"],
    ["100", "1e2", "1.00E+2"],
    ["0.1", "1e-1", "0.10"],
    ["1e400", "10e399", "1.0e400"],
    ["12345678901234567890", "1234567890123456789e1", "12345678901234567890.0"],
    ["1e20", "100000000000000000000"],
  ])("is one for all ways to write the number %s", (...ways) => {
    expect(new Set(ways.map(canonicalText)).size).toBe(1);
    expect(new Set(ways.map((way) => canonicalText(`{"n":[${way}]}`))).size).toBe(1);
  });

  test.each([
    ["12345678901234567890", "12345678901234567891"],
    ["9007199254740993", "9007199254740992"],
    ["1e400", "1e401"],
    ["-1e400", "1e400"],
    ["0.1000000000000000055", "0.1000000000000000056"],
    ["1e-400", "0"],
    ["1e-400", "2e-400"],
    ["1", '"1"'],
    ["1e99999999999999999999", "1e99999999999999999998"],
  ])("tells %s from %s, though to JSON.parse they may be one", (one, other) => {
    expect(canonicalText(`{"n":${one}}`)).not.toBe(canonicalText(`{"n":${other}}`));
  });

  test("keeps null, an absent member, an empty list and an empty object apart", () => {
    const texts = ['{"a":null}', "{}", '{"a":[]}', '{"a":{}}', '{"a":""}', '{"a":false}', '{"a":0}', "[]", '""', ""];
    expect(new Set(texts.map(canonicalText)).size).toBe(texts.length);
  });

  test("takes names for names, whichever they are", () => {
    expect(canonicalText('{"__proto__":1,"b":2}')).toBe(canonicalText('{"b":2,"__proto__":1}'));
    expect(canonicalText('{"__proto__":1}')).not.toBe(canonicalText("{}"));
    expect(canonicalText('{"toJSON":1}')).not.toBe(canonicalText("{}"));
  });

  test("is the text where it is no JSON, or too deep to be walked", () => {
    expect(canonicalText("order 7 ")).toBe("order 7 ");
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    expect(canonicalText(deep)).toBe(deep);
  });

  test("takes no longer for odd numbers than for others", () => {
    const long = `1${"0".repeat(500_000)}1${"0".repeat(500_000)}`;
    expect(canonicalText(`[${long}]`)).toBe(canonicalText(`[ ${long}.0 ]`));
  });
});

describe("The canonical form of a value", () => {
  test("counts bytes as bytes, and dates as their text", () => {
    const bytes = (...given: number[]) => canonicalJson({ b: new Uint8Array(given) });
    expect(bytes(1, 2)).toBe(canonicalJson({ b: Buffer.from([1, 2]) }));
    expect(bytes(1, 2)).not.toBe(bytes(1, 3));
    expect(canonicalJson({ at: new Date(0) })).toBe(canonicalText('{"at":"1970-01-01T00:00:00.000Z"}'));
    expect(canonicalJson({ n: 7n, none: undefined })).toBe(canonicalText('{ "n": 7 }'));
  });

  const circle: unknown[] = [];
  circle.push(circle);
  test.each([
    ["a map", new Map([["a", 1]])],
    ["a set", new Set([1])],
    ["an object of a class", new (class Order {})()],
    ["an integer that may have been another", 2 ** 64],
    ["no number", Number.NaN],
    ["a function", () => {}],
    ["a circle", circle],
  ])("is none for %s: two of them might look alike", (_, value) => {
    expect(() => canonicalJson({ value: [value] })).toThrow();
  });
});
