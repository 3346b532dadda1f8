import { expect, test } from "@jest/globals";
import { printable, printableJson, printableLines } from "../../../src/text/printable.js";

const RAW = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
/** Every character that moves a cursor, ends a line, or turns the direction of writing. */
const HOSTILE = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((each) =>
  RAW.test(each),
);

test("Each character that a terminal obeys is written as its code, but a tab", () => {
  for (const each of HOSTILE) {
    const code = `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`;
    expect(printable(`a${each}b`)).toBe(each === "\t" ? "a\tb" : `a${code}b`);
  }
});

test("Lines stay lines", () => {
  expect(printableLines("one\n\u001b]0;two\u0007\n\tthree\u202e")).toBe("one\n\\u001b]0;two\\u0007\n\tthree\\u202e");
});

test("JSON says the same with none of them in it", () => {
  const value = { [HOSTILE.join("")]: HOSTILE };
  const json = printableJson(JSON.stringify(value));
  expect(json).not.toMatch(RAW);
  expect(JSON.parse(json)).toEqual(value);
});
