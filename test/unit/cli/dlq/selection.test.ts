import { describe, expect, test } from "@jest/globals";
import { parseCommandLine } from "../../../../src/cli/command-line.js";
import { SELECTION_OPTIONS, selectionOf } from "../../../../src/cli/dlq/selection.js";
import { letter } from "../../../support/memory-letters.js";

const now = Date.UTC(2026, 0, 10);
function select(...argv: string[]) {
  const line = { name: "test", about: "", options: SELECTION_OPTIONS, examples: [], exits: [] };
  return selectionOf(parseCommandLine(line, argv), now);
}
const hoursOld = (hours: number) => letter({ sentAt: now - hours * 3_600_000 });

describe("the selection of dead letters", () => {
  test("is everything when nothing is said", () => {
    expect(select().everything).toBe(true);
    expect(select().matches(letter())).toBe(true);
    expect(select("--reason", "x").everything).toBe(false);
  });

  test("goes by a part of the reason, whatever its case, or by an expression", () => {
    const bad = letter({ reason: "Order 7 fails its schema" });
    expect(select("--reason", "SCHEMA").matches(bad)).toBe(true);
    expect(select("--reason", "timeout").matches(bad)).toBe(false);
    expect(select("--reason", "/^order \\d+/i").matches(bad)).toBe(true);
    expect(select("--reason", "/^order \\d+/").matches(bad)).toBe(false);
    // A sticky or global expression would remember where it was.
    const twice = select("--reason", "/schema/g");
    expect([twice.matches(bad), twice.matches(bad)]).toEqual([true, true]);
  });

  test("finds those that SQS moved by its words for them", () => {
    const moved = letter({ sourceArn: "arn:aws:sqs:us-east-1:1:tasks" });
    expect(select("--reason", "too many receives").matches(moved)).toBe(true);
    expect(select("--reason", "too many receives").matches(letter({ reason: "bad" }))).toBe(false);
  });

  test("goes by values in the body, all of them", () => {
    const one = letter({ body: '{"a":{"b":1},"c":"x=y","d":null,"e":{}}' });
    expect(select("--where", "/a/b=1").matches(one)).toBe(true);
    expect(select("--where", "/c=x=y").matches(one)).toBe(true);
    expect(select("--where", "/d=null").matches(one)).toBe(true);
    expect(select("--where", "/e=[object Object]").matches(one)).toBe(false);
    expect(select("--where", "/a/b=1", "--where", "/c=z").matches(one)).toBe(false);
    expect(select("--where", "/missing=undefined").matches(one)).toBe(false);
    expect(select("--where", "/a=1").matches(letter({ body: "no JSON" }))).toBe(false);
    expect(select("--where", "=plain").matches(letter({ body: '"plain"' }))).toBe(true);
  });

  test("goes by age", () => {
    expect(select("--older-than", "6h").matches(hoursOld(7))).toBe(true);
    expect(select("--older-than", "6h").matches(hoursOld(5))).toBe(false);
    expect(select("--newer-than", "1.5d").matches(hoursOld(35))).toBe(true);
    expect(select("--newer-than", "1.5d").matches(hoursOld(37))).toBe(false);
    expect(select("--older-than", "2026-01-09T12:00:00Z").matches(hoursOld(13))).toBe(true);
    expect(select("--older-than", "1h", "--newer-than", "3h").matches(hoursOld(2))).toBe(true);
  });

  test.each([
    [["--where", "a=1"], '--where must be /json/pointer=value, got "a=1"'],
    [["--where", "/a"], '--where must be /json/pointer=value, got "/a"'],
    [["--older-than", "6 hours"], 'must be an age like 30s, 15m, 6h or 2d, or an ISO time, got "6 hours"'],
    [["--newer-than", "7"], 'got "7"'],
    [["--reason", "/(/"], "is no regular expression"],
  ])("refuses %j", (argv, text) => {
    expect(() => select(...argv)).toThrow(text);
  });
});
