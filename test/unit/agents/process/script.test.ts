import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { commandWords } from "../../../../src/agents/process/command-words.js";
import { missingScript } from "../../../../src/agents/process/script.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-script-"));
  await writeFile(join(folder, "here.py"), "");
});
afterEach(() => rm(folder, { recursive: true }));

const faultOf = (line: string) => {
  const [program = "", ...args] = commandWords(line);
  return missingScript(program, args);
};

describe("A script that isn't there is told of", () => {
  test.each([
    "python3 nope.py",
    "/usr/bin/python3.12 -u nope.py --fast",
    "python -OO nope.py",
    "node nope.mjs",
    "node --enable-source-maps --max-old-space-size=100 nope.js",
    "bash -e nope.sh",
    "ruby nope.rb",
    "java -Xmx64m -jar nope.jar",
  ])("%s", (line) => {
    expect(faultOf(line)).toMatch(/^is to run nope\.\w+, which doesn't exist in \//);
  });

  test("python3 and a folder on the way that is a file", () => {
    expect(faultOf(`python3 ${folder}/here.py/agent.py`)).toContain("doesn't exist");
  });
});

describe("Nothing is said of", () => {
  test.each([
    "python3 -m agent.py",
    "python3 -c 'print(1)' nope.py",
    "python3 -W ignore nope.py",
    "python3 nope",
    "node --import ./hooks.mjs nope.mjs",
    "node",
    "sh -c 'python3 nope.py'",
    "java -cp nope.jar Main",
    "deno run nope.ts",
    "./own-program nope.py",
    "env python3 nope.py",
  ])("%s: it may mean something else", (line) => {
    expect(faultOf(line)).toBeUndefined();
  });

  test("a script that is there", () => {
    expect(faultOf(`python3 -u ${folder}/here.py nope.py`)).toBeUndefined();
  });
});
