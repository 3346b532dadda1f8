import { describe, expect, test } from "@jest/globals";
import { LineCutter } from "../../../../src/agents/process/line-cutter.js";

function cutter(maxBytes: number) {
  const lines: [string, number][] = [];
  return { lines, cutter: new LineCutter(maxBytes, (line, left) => lines.push([line, left])) };
}

describe("Lines of a stream", () => {
  test("are the same however the stream comes in pieces", () => {
    const text = Buffer.from("one\r\ntwö\n\nthree");
    for (let size = 1; size <= text.length; size++) {
      const { lines, cutter: cut } = cutter(100);
      for (let start = 0; start < text.length; start += size) cut.write(text.subarray(start, start + size));
      cut.finish();
      expect(lines.map(([line]) => line)).toEqual(["one", "twö", "", "three"]);
    }
  });

  test("are cut to their bound, and what was left out is counted", () => {
    const { lines, cutter: cut } = cutter(4);
    for (let n = 0; n < 1000; n++) cut.write(Buffer.alloc(100, "x"));
    cut.write(Buffer.from("\nnext\n"));
    expect(lines).toEqual([
      ["xxxx", 99_996],
      ["next", 0],
    ]);
  });

  test("that are passed over leave the last one, and the one that is still open", () => {
    const { lines, cutter: cut } = cutter(100);
    cut.write(Buffer.from("be"));
    cut.skip(Buffer.from("gun\nsecond\nlast\nop"));
    cut.write(Buffer.from("en\n"));
    cut.skip(Buffer.from("no end"));
    cut.skip(Buffer.from(" yet\n"));
    expect(lines.map(([line]) => line)).toEqual(["last", "open", "no end yet"]);
  });
});
