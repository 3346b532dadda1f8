import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { findExecutable } from "../../../../src/agents/process/executable.js";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-executable-"));
  path = join(folder, "bin");
  await mkdir(path);
  await program("bin/known", "#!/bin/sh\n");
});
afterAll(() => rm(folder, { recursive: true }));

async function program(name: string, content: string | Buffer): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  await chmod(file, 0o755);
  return file;
}

describe("A script runs whose first line is", () => {
  test.each([
    "#!/bin/sh",
    "#! /bin/sh -e",
    "#!/usr/bin/env known",
    "#!/usr/bin/env -S A=b known --fast",
    "#!/usr/bin/env -S -u HOME known",
    "#!/usr/bin/env -S PATH=/opt/bin elsewhere",
    "# no interpreter: a shell's",
    "",
  ])("%j", async (line) => {
    const file = await program("script", `${line}\ntrue\n`);
    expect(await findExecutable(file, path)).toBe(file);
  });
});

describe("A program is refused", () => {
  test.each([
    [
      "whose lines end as on Windows",
      "#!/bin/sh\r\ntrue\r\n",
      /interpreter .*\(\/bin\/sh and a carriage return: its lines end/,
    ],
    ["whose `env` gets such a line", "#!/usr/bin/env known\r\n", /isn't in the PATH \(known and a carriage return/],
    ["whose interpreter doesn't exist", "#!/no/such/shell\n", /can't be run \(\/no\/such\/shell\)/],
    ["whose interpreter is a folder", "#!/usr\n", /can't be run \(\/usr\)/],
    ["whose `env` wouldn't find one", "#!/usr/bin/env nosuch\n", /isn't in the PATH \(nosuch\)/],
  ])("%s", async (_, content, fault) => {
    const file = await program("refused", content);
    await expect(findExecutable(file, path)).rejects.toThrow(fault);
  });

  test("that is cut short, and runs whole", async () => {
    const whole = await readFile("/bin/true");
    const file = await program("whole", whole);
    expect(await findExecutable(file, path)).toBe(file);
    for (const bytes of [20, 64, 1_000, whole.length >> 1]) {
      await program("cut", whole.subarray(0, bytes));
      await expect(findExecutable(join(folder, "cut"), path)).rejects.toThrow(
        `is cut short: of the file there are ${bytes} bytes`,
      );
    }
  });

  test("that is built for another machine", async () => {
    const other = await readFile("/bin/true");
    other.writeUInt16LE(process.arch === "arm64" ? 62 : 183, 18);
    await expect(findExecutable(await program("other", other), path)).rejects.toThrow(/is built for another machine/);
  });
});
