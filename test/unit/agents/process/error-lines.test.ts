import { spawnSync } from "node:child_process";
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { AgentOutput } from "../../../../src/agents/process/agent-output.js";
import { ErrorLines } from "../../../../src/agents/process/error-lines.js";
import { outcomeOfExit } from "../../../../src/agents/program/program-exit.js";
import { KeptLog } from "../../../support/agent-bundle.js";

function linesOf(text: string): ErrorLines {
  const lines = new ErrorLines();
  for (const line of text.split("\n")) lines.add(line);
  return lines;
}

/** What Node writes to stderr when it runs this. */
const stderrOf = (source: string, ...flags: string[]) =>
  spawnSync(process.execPath, [...flags, "--eval", source], { encoding: "utf8", cwd: "/" }).stderr;

describe("The line that says why a process ended is, for Node's", () => {
  test.each([
    ["an error", "throw new TypeError('no total')", "TypeError: no total"],
    ["a message of several lines", "throw new Error('first\\nsecond')", "Error: first"],
    [
      "an error with fields and a cause",
      "throw Object.assign(new Error('outer', { cause: new RangeError('inner') }), { code: 'E' })",
      "Error: outer",
    ],
    ["an event", "require('node:net').connect(1, '127.0.0.1')", "Error: connect ECONNREFUSED 127.0.0.1:1"],
    ["text that is thrown", "throw 'text'", "text"],
    ["a syntax error", "export (", /^SyntaxError: /],
    [
      "a rejection that nobody handles",
      "Promise.reject('a word')",
      /^UnhandledPromiseRejection: .* with the reason "a word"/,
    ],
    ["an abort, which has none", "process.abort()", ""],
  ])("%s", (_, source, told) => {
    const { telling, last } = linesOf(stderrOf(source));
    expect(telling).toEqual(typeof told === "string" ? told : expect.stringMatching(told));
    expect(last).not.toBe("");
  });

  test("an exhausted heap", () => {
    const stderr = stderrOf("const all = []; for (;;) all.push(Array(1000).fill(1.5))", "--max-old-space-size=20");
    expect(linesOf(stderr).telling).toMatch(/^FATAL ERROR: .* JavaScript heap out of memory$/);
  });
});

describe("The line that says why a process ended is, for others'", () => {
  test.each([
    [
      "Python",
      'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\nValueError: bad',
      "ValueError: bad",
    ],
    ["Go", "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:4 +0x18\nexit status 2", "panic: boom"],
    [
      "Java",
      'Exception in thread "main" java.lang.IllegalStateException: no\n\tat A.main(A.java:3)',
      'Exception in thread "main" java.lang.IllegalStateException: no',
    ],
    ["a line of its own", "  indented words", "  indented words"],
    ["the last of several", "one\ntwo", "two"],
  ])("%s", (_, text, told) => {
    expect(linesOf(text).telling).toBe(told);
  });
});

test("A program that rejects says why in its very last line", () => {
  const lines = linesOf("no such order\nNode.js v24.0.0");
  expect(outcomeOfExit({ code: 65, signal: null }, lines)).toEqual({ kind: "reject", reason: "Node.js v24.0.0" });
  expect(outcomeOfExit({ code: 1, signal: null }, lines)).toMatchObject({
    kind: "retry",
    error: { message: "the program ended with exit code 1: no such order" },
  });
});

test("What says why is found behind more output than is logged, too", async () => {
  const output = new AgentOutput(new KeptLog().logFor, () => 0);
  const stderr = new PassThrough();
  output.read(stderr, "stderr");
  stderr.write("noise\n".repeat(1_000));
  stderr.write(
    `${"noise\n".repeat(1_000)}TypeError: no total\n    at run (file:///agent.mjs:1:1)\n\nNode.js v24.0.0\n`,
  );
  await turn();
  expect(output.errorLines.telling).toBe("TypeError: no total");
});
