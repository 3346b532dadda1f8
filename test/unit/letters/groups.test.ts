import { describe, expect, test } from "@jest/globals";
import { LetterGroups } from "../../../src/letters/groups.js";
import { alike } from "../../../src/text/alike.js";
import { letter } from "../../support/memory-letters.js";

describe("groups of dead letters", () => {
  test("count what ended alike, with the oldest and the newest, the largest first", () => {
    const groups = new LetterGroups();
    for (const at of [300, 100, 200]) groups.add(letter({ reason: `order ${at} is bad`, sentAt: at }));
    groups.add(letter({ sourceArn: "arn", sentAt: 50 }));
    expect(groups.list()).toMatchObject([
      { way: "rejected", error: "order N is bad", count: 3, oldest: 100, newest: 300 },
      { way: "receives", error: undefined, count: 1, oldest: 50, newest: 50 },
    ]);
  });

  test("are no more than a thousand", () => {
    const groups = new LetterGroups();
    const words = (n: number) => [...String(n)].map((digit) => "abcdefghij"[Number(digit)]).join("");
    for (let n = 0; n < 3_000; n++) groups.add(letter({ reason: `fault ${words(n)}` }));
    const list = groups.list();
    expect(list).toHaveLength(1_001);
    expect(list[0]).toMatchObject({ error: "(all other reasons)", count: 2_000 });
  });

  test.each([
    ["user 5fea7756-0ea4-451a-a703-a558b933e274 is gone", "user … is gone"],
    ["no object deadbeef01", "no object …"],
    ["took 1.5 s of 2", "took N s of N"],
    ["first line\nsecond", "first line"],
    ["\u001b[31mred\u0007 of 7", "red\\u0007 of N"],
    ["the decade facade", "the decade facade"],
  ])("take %j for %j", (reason, text) => {
    expect(alike(reason)).toBe(text);
  });
});
