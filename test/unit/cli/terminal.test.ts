import { expect, jest, test } from "@jest/globals";
import { complain, print, printJson } from "../../../src/cli/terminal.js";

const HOSTILE = "\u001b]0;owned\u0007\u009b2J\u202e\u2028\u007f";
const RAW = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

function written(stream: NodeJS.WriteStream, write: () => void): string {
  const spy = jest.spyOn(stream, "write").mockReturnValue(true);
  write();
  const text = spy.mock.calls.map(([part]) => String(part)).join("");
  spy.mockRestore();
  return text;
}

test("Nothing that a terminal obeys leaves a command raw, and each text ends its line once", () => {
  for (const text of [
    written(process.stdout, () => print(`${HOSTILE}\n${HOSTILE}`)),
    written(process.stdout, () => print(`${HOSTILE}\n`)),
    written(process.stdout, () => printJson({ [HOSTILE]: HOSTILE })),
    written(process.stderr, () => complain(HOSTILE)),
  ]) {
    expect(text).not.toMatch(RAW);
    expect(text).toMatch(/[^\n]\n$/);
  }
});

test("JSON keeps what was said, for whoever reads it", () => {
  expect(JSON.parse(written(process.stdout, () => printJson({ body: HOSTILE })))).toEqual({ body: HOSTILE });
});

test("What errors quote of an address has no password, and a body is printed as it is", () => {
  const text = "http://user:hunter2@127.0.0.1/tasks";
  expect(written(process.stderr, () => complain(`no answer of ${text}`))).toBe(
    "no answer of http://***@127.0.0.1/tasks\n",
  );
  expect(written(process.stdout, () => print(text))).toBe(`${text}\n`);
});
