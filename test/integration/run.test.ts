import { describe, expect, test } from "@jest/globals";
import type { Opening } from "../../src/console/api.js";
import { command } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { RunBundle } from "../support/run-bundle.js";

describe("run", () => {
  test("works until SIGTERM, drains, and with --json ends with one object", async () => {
    await using bundle = await RunBundle.start();
    const worker = bundle.run({}, "--json");
    bundle.send("one");
    await worker.says(/began one/);
    worker.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
    const last = JSON.parse(worker.stdout.trim().split("\n").at(-1)!);
    expect(last).toMatchObject({ exitCode: 0, summary: { handled: 1, settled: { done: 1 } } });
    expect(bundle.left).toBe(0);
  }, 30_000);

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)(
    "ends at once on a second %s",
    async (signal, code) => {
      await using bundle = await RunBundle.start();
      const worker = bundle.run();
      bundle.send("deaf");
      await worker.says(/began deaf/);
      worker.kill(signal);
      await worker.says(/draining/);
      worker.kill(signal);
      expect(await worker.exited).toBe(code);
    },
    30_000,
  );

  test("ends cleanly on a SIGTERM that comes before it has started", async () => {
    await using bundle = await RunBundle.start();
    // The agent's module loads for as long as the test wants.
    await bundle.write(
      "slow.mjs",
      'console.log("loading"); await new Promise((resolve) => setTimeout(resolve, 60_000)); export default () => {};',
    );
    const worker = bundle.run({ HANDLER: "./slow.mjs" });
    await worker.says(/loading/);
    worker.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
  }, 30_000);

  test("shows on its console how many messages wait in the queue", async () => {
    await using bundle = await RunBundle.start();
    const worker = bundle.run({ HTTP_PORT: "0", CONCURRENCY: "1", MAX_MESSAGES: "1" });
    const [, port] = await worker.says(/"port":(\d+).*served/);
    bundle.send("deaf");
    await worker.says(/began deaf/);
    bundle.send(...Array<string>(20).fill("later"));
    const look = async () => {
      const state = (await (await fetch(`http://127.0.0.1:${port}/api/now`)).json()) as Opening;
      return state.queue && state.queue.waiting + state.worker.buffered;
    };
    expect(await eventually(look, (waiting) => waiting === 20, 20_000)).toBe(20);
  }, 30_000);

  test.each(["name", "ARN"])(
    "finds its queue by its %s",
    async (how) => {
      await using bundle = await RunBundle.start();
      const name = bundle.queueUrl.split("/").at(-1)!;
      const SQS_QUEUE_URL = how === "name" ? name : `arn:aws:sqs:us-east-1:000000000000:${name}`;
      const worker = bundle.run({ SQS_QUEUE_URL });
      await worker.says(/on the queue tasks"/);
      await worker.says(/worker running/);
      bundle.send("named");
      await worker.says(/began named/);
      worker.kill("SIGTERM");
      expect(await worker.exited).toBe(0);
    },
    30_000,
  );

  test("ends with 69 when no queue has the name", async () => {
    await using bundle = await RunBundle.start();
    const { code, stderr } = await command(["run"], bundle.options({ SQS_QUEUE_URL: "nowhere" }));
    expect([code, stderr]).toEqual([
      69,
      expect.stringMatching(
        /SQS_QUEUE_URL: the queue "nowhere" can't be looked up: .*; give its URL, or let sqs:GetQueueUrl/,
      ),
    ]);
  }, 30_000);

  test("ends with 69 when the queue is gone", async () => {
    await using bundle = await RunBundle.start();
    const worker = bundle.run({ SQS_QUEUE_URL: bundle.queueUrl.replace("tasks", "nowhere") });
    expect(await worker.exited).toBe(69);
  }, 30_000);

  test("ends with 78 and every fault of the settings, one line each, or one object", async () => {
    await using bundle = await RunBundle.start();
    const wrong = bundle.options({ SQS_QUEUE_URL: "", CONCURRENCY: "0", VISIBILITY_TIMEOUTS: "3" });
    const { code, stdout, stderr } = await command(["run"], wrong);
    expect([code, stdout]).toEqual([78, ""]);
    const faults = [
      'VISIBILITY_TIMEOUTS is not a setting, got "3"; did you mean VISIBILITY_TIMEOUT?',
      "SQS_QUEUE_URL is missing: a queue's URL, name or ARN is required",
      'CONCURRENCY must be between 1 and 1000, got "0"',
    ];
    expect(stderr.split("\n").filter((line) => line.startsWith("queuehand run: "))).toEqual(
      faults.map((fault) => `queuehand run: ${fault}`),
    );
    const json = await command(["run", "--json"], wrong);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([78, { error: "settings", exitCode: 78, faults }]);
  });

  test.each([
    ["is missing", undefined, /can't be read: no such file/],
    ["has no default export", "export const agent = () => {};", /has no default export/],
    ["exports no function", "export default 42;", /exports 42 by default, which is no agent/],
    ["throws while loading", "throw new Error('no database');", /failed while loading: Error: no database/],
  ])("ends with 78 and the cause when the agent's file %s", async (_, source, cause) => {
    await using bundle = await RunBundle.start();
    if (source !== undefined) await bundle.write("other.mjs", source);
    const { code, stderr } = await command(["run"], bundle.options({ HANDLER: "./other.mjs" }));
    expect(code).toBe(78);
    expect(stderr).toMatch(cause);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each([
    ["hangs", "await new Promise(() => {});", /was not loaded to its end: a top-level await in it hangs/],
    [
      "ends the process",
      "process.exit(0);",
      /ended the process while it was loaded: process\.exit\(0\) was called \(at .*other\.mjs:1:9\)/,
    ],
  ])(
    "ends with 78 and the cause when the agent's file %s while it is loaded",
    async (_, source, cause) => {
      await using bundle = await RunBundle.start();
      await bundle.write("other.mjs", source);
      const { code, stderr } = await command(["run"], bundle.options({ HANDLER: "./other.mjs" }));
      expect(code).toBe(78);
      expect(stderr).toMatch(cause);
      expect(stderr).not.toContain("cli.js");
    },
    30_000,
  );

  test("ends with 1, and says so, when its agent ends the process with exit code 0", async () => {
    await using bundle = await RunBundle.start();
    await bundle.write("other.mjs", "export default () => process.exit(0);");
    const worker = bundle.run({ HANDLER: "./other.mjs" });
    bundle.send("one");
    expect(await worker.exited).toBe(1);
    expect(worker.stderr).toMatch(
      /the process ended before the worker was stopped: process\.exit\(0\) was called \(at .*other\.mjs:1:/,
    );
  }, 30_000);

  test("reads .env in development only, and real variables win", async () => {
    await using bundle = await RunBundle.start();
    await bundle.write(".env", "CONCURRENCY=0\nLOG_LEVEL=loud\n");
    const config = (env: Record<string, string>) => command(["config", "--json"], bundle.options(env));
    expect((await config({})).code).toBe(0);
    const { code, stdout } = await config({ NODE_ENV: "development", LOG_LEVEL: "debug" });
    expect(code).toBe(78);
    const { settings, faults } = JSON.parse(stdout);
    expect(faults).toEqual(['CONCURRENCY must be between 1 and 1000, got "0"']);
    const find = (name: string) => settings.find((setting: { name: string }) => setting.name === name);
    expect(find("CONCURRENCY")).toEqual({ name: "CONCURRENCY", value: "0", source: ".env" });
    expect(find("LOG_LEVEL")).toEqual({ name: "LOG_LEVEL", value: "debug", source: "environment" });
    expect(find("MAX_MESSAGES")).toEqual({ name: "MAX_MESSAGES", value: "10", source: "default" });
  });
});

describe("Every command", () => {
  test.each(["run", "dev", "send", "config", "doctor", "simulate", "plan"])(
    "%s explains itself, and is listed",
    async (name) => {
      const { code, stdout } = await command([name, "--help"]);
      expect(code).toBe(0);
      for (const part of [`Usage: queuehand ${name}`, "Options:", "--json", "Examples:", "Exit codes:"]) {
        expect(stdout).toContain(part);
      }
      expect((await command(["--help"])).stdout).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
    },
  );

  test("that doesn't exist ends with 64 and the nearest name", async () => {
    const { code, stderr } = await command(["doktor"]);
    expect([code, stderr]).toEqual([
      64,
      expect.stringContaining('unknown command "doktor"; did you mean "queuehand doctor"?'),
    ]);
    expect((await command([])).code).toBe(64);
    expect((await command(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
