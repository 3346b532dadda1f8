import { expect, test } from "@jest/globals";
import { lineRanges } from "../../../../src/cli/send/line-ranges.js";

test("lines are told as runs, the first twenty of them", () => {
  expect(lineRanges([3])).toBe("3");
  expect(lineRanges([3, 5, 6, 7, 9])).toBe("3, 5-7, 9");
  const odd = Array.from({ length: 30 }, (_, index) => 2 * index + 1);
  expect(lineRanges(odd)).toBe(`${odd.slice(0, 20).join(", ")} and 10 more`);
  expect(lineRanges(Array.from({ length: 1_000 }, (_, index) => index + 1))).toBe("1-1000");
});

test("a line that came twice is told once", () => {
  expect(lineRanges([2, 2, 4])).toBe("2, 4");
});
