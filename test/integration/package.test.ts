import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Installed } from "../support/installed.js";

describe("the package in a stranger's project", () => {
  let installed: Installed;

  beforeAll(async () => {
    installed = await Installed.create();
  }, 120_000);
  afterAll(() => installed?.remove(), 60_000);

  test("brings its production dependencies and none of its development's", async () => {
    const packages = await readdir(join(installed.folder, "node_modules"));
    expect(packages).toEqual(expect.arrayContaining(["queuehand", "p-limit", "pino"]));
    for (const name of ["fauxqs", "jest", "typescript", "queuehand-dev-node"]) {
      expect(packages).not.toContain(name);
    }
    expect(await readdir(installed.package)).toEqual(
      expect.arrayContaining(["dist", "examples", "infra", "package.json"]),
    );
    expect(await readdir(join(installed.package, "infra"))).toContain("scaling.yaml");
    expect(await readdir(installed.package)).not.toContain("src");
  });

  test("can be started from its own folder, by whoever has built it there", async () => {
    expect((await stat(join("dist", "cli.js"))).mode & 0o111).toBe(0o111);
  });

  test("brings the command, which finds an agent in that project", async () => {
    expect(await installed.run("npx", ["--no-install", "queuehand", "--version"])).toMatch(/^\d+\.\d+\.\d+\n$/);
    await mkdir(join(installed.folder, "agents"));
    await writeFile(
      join(installed.folder, "agents", "agent.mjs"),
      'import { Reject } from "queuehand";\nexport default () => { throw new Reject("no"); };\n',
    );
    const settings = JSON.parse(
      await installed.run("npx", ["--no-install", "queuehand", "config", "--json"], {
        SQS_QUEUE_URL: "http://127.0.0.1:1/000000000000/tasks",
        HANDLER: "./agents/agent.mjs",
      }),
    );
    expect(JSON.stringify(settings)).toContain("./agents/agent.mjs");
  });
});
