import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadModule } from "../../../src/agents/load-module.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-agent-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function agentFile(name: string, source: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, source);
  return file;
}

describe("A module agent", () => {
  test("is a default export that is a function", async () => {
    const file = await agentFile("function.mjs", "export default async () => {};");
    expect(typeof (await loadModule(file))).toBe("function");
    expect(typeof (await loadModule(pathToFileURL(file).href))).toBe("function");
  });

  test("may be what defineHandler makes, and may be CommonJS", async () => {
    const defined = await agentFile("defined.mjs", "export default { handle() {} };");
    expect(await loadModule(defined)).toHaveProperty("handle");
    const common = await agentFile("common.cjs", "module.exports = async () => {};");
    expect(typeof (await loadModule(common))).toBe("function");
    const compiled = await agentFile("compiled.cjs", "exports.__esModule = true; exports.default = () => {};");
    expect(typeof (await loadModule(compiled))).toBe("function");
  });

  test("may begin with a line for node, and needn't be named as JavaScript is", async () => {
    const file = await agentFile("agent", "#!/usr/bin/env node\nmodule.exports = () => {};");
    expect(typeof (await loadModule(file))).toBe("function");
  });

  test("may be TypeScript, of which Node takes the types away", async () => {
    const typed = await agentFile(
      "typed.ts",
      "interface Order { id: string }\nexport default (m: { body: Order }) => m.body.id;",
    );
    expect(typeof (await loadModule(typed))).toBe("function");
  });

  test("is looked for from the working directory", async () => {
    expect(typeof (await loadModule("./examples/task-agent.mjs"))).toBe("function");
  });
});

describe("A module that is no agent is refused, with the cause:", () => {
  test("a command line, which says how a program is named", async () => {
    await expect(loadModule("python agent.py")).rejects.toThrow(
      /no such file, or not readable: .*python agent\.py; a program is named by exec:, as in HANDLER="exec:python agent\.py"$/,
    );
  });

  test.each([
    ["agent.py", "print('x')", "python3 "],
    ["agent.rb", "puts 1", "ruby "],
    ["agent.sh", "#!/bin/bash\ntrue", "sh "],
    ["agent", "#!/usr/bin/env python3\nprint('x')", ""],
  ])("a program, %s", async (name, source, interpreter) => {
    const file = await agentFile(name, source);
    await expect(loadModule(file)).rejects.toThrow(
      `HANDLER "${file}" is no JavaScript module; a program is named by exec:, as in HANDLER="exec:${interpreter}${file}"`,
    );
  });

  test("no such file", async () => {
    await expect(loadModule("./nowhere.mjs")).rejects.toThrow(
      `HANDLER "./nowhere.mjs" can't be read: no such file, or not readable: ${join(process.cwd(), "nowhere.mjs")}`,
    );
  });

  test.each([
    ["no-default.mjs", "export const agent = () => {};", /has no default export; export default an async function/],
    ["number.mjs", "export default 42;", /exports 42 by default, which is no agent/],
    ["null.mjs", "export default null;", /exports null by default/],
    ["object.mjs", "export default { run: 1 };", /exports \{ run: 1 \} by default/],
    ["class.mjs", "export default class Agent {}", /exports a class by default/],
    [
      "throws.mjs",
      "throw new TypeError('no database');",
      /failed while loading: TypeError: no database \(.*throws\.mjs:1/,
    ],
    ["throws-text.mjs", "throw 'text';", /failed while loading: it threw text/],
    ["syntax.mjs", "export default (", /failed while loading: SyntaxError: /],
    ["imports.mjs", "import 'no-such-package-here';", /failed while loading: .*no-such-package-here/],
  ])("%s", async (name, source, message) => {
    const file = await agentFile(name, source);
    await expect(loadModule(file)).rejects.toThrow(message);
  });

  test("it takes too long to load", async () => {
    const file = await agentFile("slow.mjs", "await new Promise(() => {}); export default () => {};");
    await expect(loadModule(file, 50)).rejects.toThrow(/was not loaded after 0\.05 s; is there a top-level await/);
  });
});
