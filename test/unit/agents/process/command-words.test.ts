import { describe, expect, test } from "@jest/globals";
import { commandWords } from "../../../../src/agents/process/command-words.js";

describe("A command line", () => {
  test.each([
    ["python agent.py --fast", ["python", "agent.py", "--fast"]],
    ["  a \t b  ", ["a", "b"]],
    ["'a b' \"c d\" e\\ f", ["a b", "c d", "e f"]],
    ["a'b c'd", ["ab cd"]],
    ["'' \"\"", ["", ""]],
    ['\'\\\' "\\\\ \\" \\n"', ["\\", '\\ " \\n']],
    ["$HOME `id` *.js ~ | & ;", ["$HOME", "`id`", "*.js", "~", "|", "&", ";"]],
    ["", []],
  ])("%j is split as a shell would, and nothing is expanded", (line, words) => {
    expect(commandWords(line)).toEqual(words);
  });

  test.each([
    ["sh -c 'exit", "has a ' that isn't closed"],
    ['sh -c "exit', "has a \" that isn't closed"],
    ["sh \\", "ends in a backslash"],
  ])("%j is refused", (line, message) => {
    expect(() => commandWords(line)).toThrow(message);
  });
});
