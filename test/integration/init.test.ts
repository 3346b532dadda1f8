import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { command } from "../support/command.js";
import { Installed } from "../support/installed.js";

const SHARED = [".dockerignore", ".env", ".gitignore", "Dockerfile", "README.md", "compose.yaml", "package.json"];
const FILES: Record<string, readonly string[]> = {
  javascript: ["agent.mjs", "agent.test.mjs"],
  typescript: ["agent.ts", "agent.test.ts", "tsconfig.json"],
  python: ["agent.py", "test_agent.py", "requirements.txt"],
  http: ["server.mjs", "server.test.mjs"],
};
const GREETED: Record<string, RegExp> = {
  javascript: /info +hello .*name=world/,
  typescript: /info +hello .*name=world/,
  python: /agent wrote .*line=hello world/,
  http: /line=hello world/,
};

describe("a project that `queuehand init` writes", () => {
  let installed: Installed;

  const init = (...args: string[]) => installed.run("npx", ["--no-install", "queuehand", "init", ...args]);
  const inProject = (name: string, ...args: string[]) =>
    installed.run("npm", ["--silent", ...args], {}, join(installed.folder, name));

  beforeAll(async () => {
    installed = await Installed.create();
    // As dev dependencies of the project's own would be; they are here already.
    for (const name of ["fauxqs", "typescript", "@types", "undici-types"]) {
      await installed.borrow(name);
    }
  }, 120_000);
  afterAll(() => installed?.remove(), 60_000);

  test.each(Object.keys(FILES))(
    "%s: passes its own test and works on messages",
    async (kind) => {
      const option = kind === "javascript" ? [] : [`--${kind}`];
      const { files } = JSON.parse(await init("--json", ...option, kind));
      expect(files).toEqual([...SHARED, ...FILES[kind]!, "samples.jsonl"].sort());
      expect((await readdir(join(installed.folder, kind))).sort()).toEqual(files);
      await inProject(kind, "test");
      const tried = await inProject(kind, "run", "try");
      expect(tried).toMatch(GREETED[kind]!);
      expect(tried).toContain("2 sent, 2 done");
    },
    60_000,
  );

  test("has all words of its files filled in, and gets queuehand from where it came here", async () => {
    await init("My first: Agent");
    const folder = join(installed.folder, "My first: Agent");
    const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), "utf8")));
    expect(texts.filter((text) => text.includes("{{"))).toEqual([]);
    const { name, devDependencies } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    expect(name).toBe("my-first-agent");
    expect(devDependencies.queuehand).toMatch(/^file:\.\.\/queuehand-[\d.]+\.tgz$/);
    await inProject("My first: Agent", "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund");
    expect(await readdir(join(folder, "node_modules"))).toEqual(expect.arrayContaining(["queuehand", "fauxqs"]));
  }, 120_000);

  test("has the agent that docs/getting-started.md shows", async () => {
    const shown = await readFile(join("docs", "getting-started.md"), "utf8");
    expect(shown).toContain(`\`\`\`js\n${await readFile("examples/init/javascript/agent.mjs", "utf8")}\`\`\``);
  });

  test("is written into a folder that has nothing but a repository, and names what is in the way of one elsewhere", async () => {
    const folder = join(installed.folder, "taken");
    await mkdir(join(folder, ".git"), { recursive: true });
    expect(await command(["init"], { cwd: folder })).toMatchObject({ code: 0, stderr: "" });
    const again = await command(["init"], { cwd: folder });
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/taken is not empty: it has .dockerignore, .env, .+ and \d more; name an empty folder/),
    ]);
  });

  test("is refused where it can't be, and where two kinds are asked for", async () => {
    const file = join(installed.folder, "a-file");
    await writeFile(file, "");
    expect(await command(["init", file])).toMatchObject({ code: 1, stderr: expect.stringContaining("can't be used") });
    const two = await command(["init", "--python", "--http", "two"], { cwd: installed.folder });
    expect([two.code, two.stderr]).toEqual([64, expect.stringContaining("--python and --http contradict each other")]);
    expect(await readdir(installed.folder)).not.toContain("two");
  });
});
