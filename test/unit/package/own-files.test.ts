import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { OwnFileMissing, ownFile, packageFile } from "../../../src/package/own-files.js";

const THREAD = "worker/lease-thread.js";

describe("a file that is started by its path", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "queuehand-own-files-")));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const bundle = (name = "app.mjs") => pathToFileURL(join(folder, "out", name)).href;

  test.each([THREAD, "agents/module/module-host.js"])("is found beside the code: %s", (file) => {
    expect(existsSync(ownFile(file))).toBe(true);
  });

  test("is found in the installed package where the code is part of another program", async () => {
    const own = join(folder, "node_modules", "queuehand");
    await mkdir(join(own, "dist", "worker"), { recursive: true });
    await writeFile(join(own, "package.json"), JSON.stringify({ name: "queuehand", version: "0.0.0" }));
    await writeFile(join(own, "dist", THREAD), "");
    expect(fileURLToPath(ownFile(THREAD, bundle()))).toBe(join(own, "dist", THREAD));
  });

  test("is missed in words that say what to do", () => {
    expect(() => ownFile(THREAD, bundle())).toThrow(OwnFileMissing);
    expect(() => ownFile(THREAD, bundle())).toThrow(
      /worker\/lease-thread\.js is neither beside .*app\.mjs .*--external:queuehand/,
    );
  });
});

describe("a file of the package", () => {
  test("is found above the code", () => {
    expect(packageFile("infra/scaling.yaml")).toBe(join(process.cwd(), "infra", "scaling.yaml"));
  });

  test("is told as missing", () => {
    expect(packageFile("infra/none.yaml")).toBeUndefined();
  });
});
