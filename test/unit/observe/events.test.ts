import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { EVENTS, type LogEvent } from "../../../src/observe/events.js";

const events: readonly LogEvent[] = Object.values(EVENTS);

/** The rows of the table of lines, as the page has them. */
function rowsOfDocs(): string[] {
  const page = readFileSync("docs/operations.md", "utf8");
  const table = page.slice(page.indexOf("| line (`msg`) |")).split("\n\n", 1)[0]!;
  return table.split("\n").slice(2);
}

test("The page on operations tells each line that the worker writes, its level and its meaning, and no other", () => {
  const rows = events.map(
    ({ text, level, levels, meaning }) => `| \`${text}\` | ${levels ?? `\`${level}\``} | ${meaning} |`,
  );
  expect(rowsOfDocs()).toEqual(rows);
});

test("Each query about errors that is saved or on the dashboard groups by the field that every such line has", () => {
  const template = readFileSync("infra/observability.yaml", "utf8");
  const groups = [...template.matchAll(/stats count\(\*\)[^|]* by ([^|]+?) \|/g)].map(([, fields]) => fields);
  expect(groups).toEqual(["msg, errorKind", "msg, errorKind"]);
});

test("No two lines have one text", () => {
  expect(new Set(events.map(({ text }) => text)).size).toBe(events.length);
});

test("What the log of facts writes is in the table", () => {
  const source = readFileSync("src/observe/fact-log.ts", "utf8");
  // A text of its own would be the last argument of a call: a fact's own text, or one of the table's.
  const calls = [...source.matchAll(/#logger(?:\.\w+|\[[^\]]+\])\(([\s\S]*?)\);\n/g)].map(([, given]) => given!);
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.filter((given) => /["'`][^"'`]*["'`],?\s*$/.test(given))).toEqual([]);
});
