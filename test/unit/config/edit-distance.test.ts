import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { editDistance } from "../../../src/config/edit-distance.js";

const word = fc.string({ unit: fc.constantFrom("A", "B", "C", "_"), maxLength: 9 });

describe("the distance of two words", () => {
  test.each([
    ["same", "same", 0],
    ["", "abc", 3],
    ["snedn", "send", 2],
    ["sned", "send", 1],
    ["CONCURENCY", "CONCURRENCY", 1],
    ["kitten", "sitting", 3],
  ])("%s to %s is %d", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });

  test("is the same up to the most that is of interest, and more than that beyond", () => {
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, most) => {
        const distance = editDistance(a, b);
        const bounded = editDistance(a, b, most);
        if (distance <= most) expect(bounded).toBe(distance);
        else expect(bounded).toBeGreaterThan(most);
      }),
    );
  });
});
