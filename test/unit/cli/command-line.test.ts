import { describe, expect, test } from "@jest/globals";
import { type CommandLine, parseCommandLine } from "../../../src/cli/command-line.js";
import { helpOf } from "../../../src/cli/help.js";

const LINE: CommandLine = {
  name: "brew",
  operands: "CUP",
  operandsMax: 1,
  about: "Makes tea.",
  options: [
    { name: "minutes", value: "N", meaning: "how long" },
    { name: "leaf", value: "NAME", many: true, meaning: "what to put in" },
    { name: "milk", meaning: "with milk" },
  ],
  examples: ["queuehand brew --minutes 3 mug"],
  exits: [["0", "drinkable"]],
};

const parse = (...argv: string[]) => parseCommandLine(LINE, argv);

describe("A command line", () => {
  test("gives flags, values, repeated values and operands", () => {
    const typed = parse("--minutes=3", "--leaf", "assam", "--leaf", "mint", "--milk", "mug");
    expect(typed.integer("minutes", 1, 10)).toBe(3);
    expect(typed.texts("leaf")).toEqual(["assam", "mint"]);
    expect(typed.flag("milk")).toBe(true);
    expect(typed.flag("json")).toBe(false);
    expect(typed.operands).toEqual(["mug"]);
  });

  test("takes what follows -- as operands, and a lone - too", () => {
    expect(parse("--", "--milk").operands).toEqual(["--milk"]);
    expect(parse("-").operands).toEqual(["-"]);
  });

  test("names the nearest option when one is unknown", () => {
    expect(() => parse("--mintues", "3")).toThrow("unknown option --mintues; did you mean --minutes?");
    expect(() => parse("--min", "3")).toThrow("did you mean --minutes?");
    expect(() => parse("--zzz")).toThrow(/^unknown option --zzz$/);
    expect(() => parse("-x")).toThrow(/^unknown option -x$/);
  });

  test("refuses an option without its value, a flag with one, and an operand too many", () => {
    expect(() => parse("--minutes")).toThrow("--minutes needs a value: --minutes N");
    expect(() => parse("--milk=no")).toThrow('--milk takes no value, got "no"');
    expect(() => parse("mug", "cup")).toThrow('takes at most 1 operand, got 2, "cup" one too many');
  });

  test.each(["0", "11", "2.5", "three", "", "-1", "1e1"])(
    "refuses %j where a whole number in bounds is due",
    (value) => {
      expect(() => parse(`--minutes=${value}`).integer("minutes", 1, 10)).toThrow(
        `--minutes must be a whole number between 1 and 10, got "${value}"`,
      );
    },
  );

  test("has a help that tells every option, example and exit code within 100 columns", () => {
    const help = helpOf({
      ...LINE,
      about: "words ".repeat(60).trim(),
      options: [{ name: "long", value: "N", meaning: "words ".repeat(40).trim() }],
    });
    for (const part of ["Usage: queuehand brew [options] CUP", "--long N", "--json", "-h, --help", "--minutes 3 mug"]) {
      expect(help).toContain(part);
    }
    expect(help).toContain("0   drinkable".replace("0   ", "0  "));
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
