import { describe, expect, test } from "@jest/globals";
import { ErrorTable } from "../../../src/console/error-table.js";
import { LetterGroups } from "../../../src/letters/groups.js";
import { letter } from "../../support/memory-letters.js";

const AT = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;

function add(table: ErrorTable, text: string, at = AT, messageId = "m") {
  return table.add({ kind: "retry", cause: new Error(text), messageId, at });
}

describe("the table of errors", () => {
  test("puts together what differs by numbers and ids, as dlq ls does", () => {
    const table = new ErrorTable();
    add(table, "no customer 17");
    add(table, "no customer 4", AT + 5, "last");
    add(table, "no order");
    const { groups, others } = table.list(AT);
    expect(groups.map(({ error, count }) => [error, count])).toEqual([
      ["Error: no customer N", 2],
      ["Error: no order", 1],
    ]);
    expect(groups[0]).toMatchObject({ firstAt: AT, lastAt: AT + 5, example: { messageId: "last" } });
    expect(others).toBe(0);
    const letters = new LetterGroups();
    letters.add(letter({ reason: "Error: no customer 17" }));
    expect(letters.list()[0]!.error).toBe(groups[0]!.error);
  });

  test("tells each minute of the last hour, and forgets what is older", () => {
    const table = new ErrorTable();
    add(table, "no", AT);
    add(table, "no", AT + 2 * MINUTE);
    add(table, "no", AT + 2 * MINUTE + 1);
    const curve = (at: number) => table.list(at).groups[0]!.curve;
    expect(curve(AT + 2 * MINUTE)).toHaveLength(60);
    expect(curve(AT + 2 * MINUTE).slice(-3)).toEqual([1, 0, 2]);
    expect(curve(AT + 5 * MINUTE).slice(-6)).toEqual([1, 0, 2, 0, 0, 0]);
    expect(curve(AT + 61 * MINUTE).reduce((sum, each) => sum + each)).toBe(2);
    expect(curve(AT + 600 * MINUTE).reduce((sum, each) => sum + each)).toBe(0);
    expect(table.list(AT + 600 * MINUTE).groups[0]!.count).toBe(3);
  });

  test("keeps two hundred groups, those last seen, and counts the rest", () => {
    const table = new ErrorTable();
    const word = (n: number) => `kind ${String.fromCharCode(97 + (n % 26), 97 + (Math.floor(n / 26) % 26))}x`;
    for (let n = 0; n < 300; n++) add(table, word(n), AT + n * 1_000);
    const { groups, others } = table.list(AT);
    expect([groups.length, others]).toEqual([200, 100]);
    expect(groups.some(({ error }) => error === `Error: ${word(299)}`)).toBe(true);
    expect(groups.some(({ error }) => error === `Error: ${word(0)}`)).toBe(false);
  });

  test("groups no more than some hundred new texts in a second, and goes on with those that it knows", () => {
    const table = new ErrorTable();
    for (let n = 0; n < 1_000; n++) add(table, `differs ${n}`);
    for (let n = 0; n < 500; n++) add(table, "differs 1");
    const { groups, others } = table.list(AT);
    expect([groups[0]!.count, others]).toEqual([700, 800]);
  });

  test("makes twenty stacks in a second at most, since each costs a text", () => {
    const table = new ErrorTable();
    let read = 0;
    for (let n = 0; n < 100; n++) {
      const error = new Error("no");
      Object.defineProperty(error, "stack", { get: () => `Error: no\n    at ${++read}` });
      table.add({ kind: "retry", cause: error, messageId: "m", at: AT });
    }
    expect(read).toBe(20);
  });

  test("bears whatever was thrown, and shows none of its secrets", () => {
    const table = new ErrorTable();
    for (const cause of [undefined, null, 7, Symbol("s"), { a: 1n }, "text", Object.create(null)]) {
      table.add({ kind: "reject", cause, messageId: "m", at: AT });
    }
    add(table, "GET https://user:hunter2@host/?token=abc failed\u001b[31m");
    const text = JSON.stringify(table.list(AT));
    expect(text).not.toMatch(/hunter2|token=abc/);
    expect(table.list(AT).groups.some(({ error }) => error.includes("\u001b"))).toBe(false);
  });
});
