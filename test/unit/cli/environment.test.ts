import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { loadEnvironment } from "../../../src/cli/environment.js";

let folder: string;
const cwd = process.cwd();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-env-"));
  process.chdir(folder);
});
afterEach(async () => {
  process.chdir(cwd);
  await rm(folder, { recursive: true });
});

describe("The environment of a command", () => {
  test("puts the command line over real variables, and those over .env", async () => {
    await writeFile(".env", "CONCURRENCY=3\nHANDLER=./file.mjs\nLOG_LEVEL=debug\nMINE='a b'\n");
    const own: NodeJS.ProcessEnv = { HANDLER: "./real.mjs", LOG_LEVEL: "warn" };
    const { variables, sourceOf } = await loadEnvironment(true, { LOG_LEVEL: "error", DLQ_URL: undefined }, own);
    expect(variables).toMatchObject({ CONCURRENCY: "3", HANDLER: "./real.mjs", LOG_LEVEL: "error" });
    expect(["CONCURRENCY", "HANDLER", "LOG_LEVEL"].map(sourceOf)).toEqual([".env", "environment", "command line"]);
    // The agent's own variables are read from process.env.
    expect(own.MINE).toBe("a b");
  });

  test("leaves .env alone outside of development", async () => {
    await writeFile(".env", "CONCURRENCY=3\n");
    expect((await loadEnvironment(false, {}, {})).variables.CONCURRENCY).toBeUndefined();
    expect((await loadEnvironment(false, {}, { NODE_ENV: "development" })).variables.CONCURRENCY).toBe("3");
  });

  test("needs no .env, but says when one can't be read", async () => {
    expect((await loadEnvironment(true, {}, { A: "1" })).variables).toEqual({ A: "1" });
    await mkdir(".env");
    await expect(loadEnvironment(true, {}, {})).rejects.toThrow(/^\.env can't be read: EISDIR/);
  });
});
