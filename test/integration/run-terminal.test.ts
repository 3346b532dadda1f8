import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { RunBundle } from "../support/run-bundle.js";

const ENTRY = join(process.cwd(), "dist", "cli.js");

/** util-linux's, which gives a command a terminal of its own. */
function missing(): string | undefined {
  try {
    execFileSync("script", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "no script(1) here";
  }
}

const reason = missing();
const suite = reason === undefined ? describe : describe.skip;

suite(`run in a terminal${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let bundle: RunBundle;
  beforeEach(async () => {
    bundle = await RunBundle.start({
      agent:
        "export default (_, { log }) => { log.info({ order: 42 }, 'working'); process.kill(process.pid, 'SIGTERM'); };",
    });
    bundle.send("order");
  });
  afterEach(() => bundle[Symbol.asyncDispose]());

  async function typed(...args: string[]): Promise<string[]> {
    const command = [process.execPath, ENTRY, "run", ...args].join(" ");
    const { cwd, env } = bundle.options();
    const { PATH, HOME } = process.env;
    const options = { cwd, env: { PATH, HOME, ...env } };
    const { stdout } = await promisify(execFile)(
      "script",
      ["--quiet", "--return", "--command", command, "/dev/null"],
      options,
    );
    return stdout.trim().split("\r\n");
  }

  test("writes lines for people", async () => {
    const lines = await typed();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    const plain = lines.map((line) => line.replace(/\u001b\[\d+m/g, ""));
    expect(plain).toContainEqual(
      expect.stringMatching(/^[\d:.]{12} info {2}working messageId=\S+ receiveCount=1 order=42$/),
    );
    expect(plain.filter((line) => line.startsWith("{"))).toEqual([]);
  });

  test("writes JSON where its end is JSON", async () => {
    const lines = (await typed("--json")).map((line) => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ msg: "working", queue: "tasks", order: 42 }));
    expect(lines.at(-1)).toMatchObject({ exitCode: 0, summary: { handled: 1 } });
  });
});
