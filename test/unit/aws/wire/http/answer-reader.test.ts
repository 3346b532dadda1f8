import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AnswerReader, type ReadAnswer } from "../../../../../src/aws/wire/http/answer-reader.js";

const answer = (...lines: string[]) => Buffer.from(lines.join("\r\n"));

/** What becomes of bytes that come in such pieces; each is overwritten once it was taken, as a socket's are. */
function read(bytes: Buffer, sizes: readonly number[] = [bytes.length]) {
  const reader = new AnswerReader();
  let whole: { readonly answer: ReadAnswer; readonly more: boolean } | undefined;
  let at = 0;
  for (let i = 0; at < bytes.length && !whole; i++) {
    const piece = Buffer.from(bytes.subarray(at, at + sizes[i % sizes.length]!));
    at += piece.length;
    whole = reader.push(piece);
    piece.fill(0x58);
  }
  return { reader, whole, left: bytes.length - at };
}

const body = '{"Messages":[{"Body":"grün ✓ 🚀"}]}';
const size = Buffer.byteLength(body);
const SIZED = answer("HTTP/1.1 200 OK", `Content-Length: ${size}`, "Date: now", "", body);

function chunked(text: string, sizes: readonly number[]): string {
  const bytes = Buffer.from(text);
  let out = "";
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const piece = bytes.subarray(at, at + sizes[i % sizes.length]!);
    out += `${piece.length.toString(16)};x=1\r\n${piece.toString("latin1")}\r\n`;
    at += piece.length;
  }
  return `${out}0\r\nx-trailer: 1\r\n\r\n`;
}

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

describe("an answer", () => {
  test("is read with its head and its body", () => {
    const { whole } = read(SIZED);
    expect(whole?.more).toBe(false);
    expect(whole?.answer.text).toBe(body);
    expect(whole?.answer.head).toMatchObject({ statusCode: 200, statusMessage: "OK", headers: { date: "now" } });
  });

  test("is the same in whatever pieces it comes", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 200 }),
        pieces,
        pieces,
        fc.boolean(),
        (text, cuts, chunks, sized) => {
          const bytes = sized
            ? answer("HTTP/1.1 200 OK", `content-length: ${Buffer.byteLength(text)}`, "", text)
            : Buffer.from(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunked(text, chunks)}`, "latin1");
          const { whole, left } = read(bytes, cuts);
          expect(whole?.answer.text).toBe(text);
          expect([whole?.more, left]).toEqual([false, 0]);
        },
      ),
    );
  });

  test("without a length ends with its connection", () => {
    const { reader, whole } = read(answer("HTTP/1.0 200 OK", "", body), [7]);
    expect(whole).toBeUndefined();
    expect(reader.end()?.text).toBe(body);
    expect(reader.end()?.head.keepsAlive).toBe(false);
  });

  test.each([
    ["a status that has no body", answer("HTTP/1.1 204 No Content", "", "")],
    ["a length of none", answer("HTTP/1.1 200", "content-length: 0", "", "")],
  ])("is whole at its head's end with %s", (_, bytes) => {
    expect(read(bytes).whole?.answer.text).toBe("");
  });

  test("stands behind the interim ones", () => {
    const { whole } = read(Buffer.concat([answer("HTTP/1.1 100 Continue", "", ""), SIZED]), [11]);
    expect(whole?.answer.text).toBe(body);
  });

  test("tells of bytes behind it", () => {
    expect(read(Buffer.concat([SIZED, Buffer.from("x")])).whole?.more).toBe(true);
  });

  test("that was cut isn't whole, and what came of it can be read", () => {
    const { reader, whole } = read(SIZED.subarray(0, -4), [13]);
    expect(whole).toBeUndefined();
    expect(reader.end()).toBeUndefined();
    expect(reader.hasBegun).toBe(true);
    expect(body.startsWith(reader.text.slice(0, 20))).toBe(true);
  });

  test.each([
    ["connection: close", false],
    ["Connection: Keep-Alive", true],
    ["x: y", true],
  ])("says whether the connection is kept: %s", (line, kept) => {
    expect(read(answer("HTTP/1.1 200 OK", line, "content-length: 0", "", "")).whole?.answer.head.keepsAlive).toBe(kept);
  });

  test("says for how long it is kept", () => {
    const { whole } = read(answer("HTTP/1.1 200 OK", "Keep-Alive: timeout=5, max=9", "content-length: 0", "", ""));
    expect(whole?.answer.head.keepsAliveMs).toBe(5_000);
  });

  test.each([
    ["another protocol", answer("SSH-2.0-OpenSSH", "", "")],
    ["another version of it", answer("HTTP/2 200", "", "")],
    ["a header without a name", answer("HTTP/1.1 200 OK", ": x", "", "")],
    ["a folded header", answer("HTTP/1.1 200 OK", "a: b", " c: d", "", "")],
    ["a blank in a name", answer("HTTP/1.1 200 OK", "content-length : 3", "", "abc")],
    ["two lengths", answer("HTTP/1.1 200 OK", "content-length: 3", "content-length: 4", "", "abc")],
    [
      "a length and chunks",
      answer("HTTP/1.1 200 OK", "content-length: 3", "transfer-encoding: chunked", "", "0", "", ""),
    ],
    ["a length that is no number", answer("HTTP/1.1 200 OK", "content-length: -3", "", "abc")],
    ["a length beyond all bounds", answer("HTTP/1.1 200 OK", "content-length: 99999999999", "", "")],
    ["an unknown coding", answer("HTTP/1.1 200 OK", "transfer-encoding: gzip, chunked", "", "0", "", "")],
    ["a chunk without a size", answer("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "", "x")],
    [
      "a chunk that is longer than its size",
      answer("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "2", "abc", ""),
    ],
    ["a size that doesn't end", answer("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", `1;${"x".repeat(2_000)}`)],
    ["a head that doesn't end", answer("HTTP/1.1 200 OK", `x: ${"y".repeat(70_000)}`)],
    ["a change of protocol", answer("HTTP/1.1 101 Switching Protocols", "upgrade: x", "", "")],
  ])("is refused: %s", (_, bytes) => {
    expect(() => read(bytes, [50])).toThrow(/an answer that is no HTTP/);
  });
});
