import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { QueueServer } from "../support/fauxqs-server.js";
import { Installed } from "../support/installed.js";

const SETTINGS = { HTTP_PORT: "off", METRICS: "off", POLL_INTERVAL_SECONDS: "1" };

describe("a project of somebody else's", () => {
  let installed: Installed;
  let server: QueueServer;

  beforeAll(async () => {
    [installed, server] = await Promise.all([Installed.create(), QueueServer.start()]);
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await installed?.remove();
  }, 60_000);

  /** A queue with one message in it. */
  async function queueOf(name: string): Promise<string> {
    const QueueUrl = await server.queue(name);
    await server.client.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"id":"42"}' }));
    return QueueUrl;
  }

  test.each(["esm", "commonjs", "typescript"])(
    "%s: works on a message by `npm test`",
    async (name) => {
      const project = await installed.project(name);
      const SQS_QUEUE_URL = await queueOf(name);
      await installed.run("npm", ["test"], { ...server.env, ...SETTINGS, SQS_QUEUE_URL }, project);
      expect(await server.messages(SQS_QUEUE_URL)).toEqual([]);
    },
    60_000,
  );

  test("cdk: an app with the construct compiles and is synthesised", async () => {
    // Peers of the package, and the app's own.
    for (const name of ["aws-cdk-lib", "constructs"]) await installed.borrow(name);
    await installed.run("npm", ["test"], {}, await installed.project("cdk"));
  }, 120_000);

  describe("a bundle", () => {
    let cwd: string;
    beforeAll(async () => {
      cwd = await installed.project("bundled");
      await installed.borrow("esbuild", cwd);
      await installed.run("node", ["bundle.mjs"], {}, cwd);
    }, 60_000);

    test.each(["program.mjs", "program.cjs", "external.mjs"])(
      "works on a message where the package is installed: %s",
      async (file) => {
        const SQS_QUEUE_URL = await queueOf(`bundled-${file.replace(".", "-")}`);
        await installed.run("node", [`out/${file}`], { ...server.env, ...SETTINGS, SQS_QUEUE_URL }, cwd);
        expect(await server.messages(SQS_QUEUE_URL)).toEqual([]);
      },
      60_000,
    );

    test.each(["program.mjs", "program.cjs"])(
      "refuses to start where it isn't, in words: %s",
      async (file) => {
        const alone = await mkdtemp(join(tmpdir(), "queuehand-bundle-"));
        try {
          await cp(join(cwd, "out", file), join(alone, file));
          const SQS_QUEUE_URL = await queueOf(`alone-${file.replace(".", "-")}`);
          const started = installed.run("node", [file], { ...server.env, ...SETTINGS, SQS_QUEUE_URL }, alone);
          await expect(started).rejects.toThrow(/worker\/lease-thread\.js.*--external:queuehand/);
          expect(await server.messages(SQS_QUEUE_URL)).toHaveLength(1);
        } finally {
          await rm(alone, { recursive: true });
        }
      },
      60_000,
    );
  });

  describe("an agent in TypeScript, as HANDLER names it", () => {
    let cwd: string;
    beforeAll(async () => {
      cwd = await installed.project("typescript", "typescript-agents");
    });
    afterEach(killCommands);

    test.each(["none", "process", "process-per-message"])(
      "runs with ISOLATION=%s",
      async (ISOLATION) => {
        const SQS_QUEUE_URL = await queueOf(`typescript-${ISOLATION}`);
        const env = { ...server.env, ...SETTINGS, SQS_QUEUE_URL, ISOLATION };
        const worker = new RunningCommand(["run", "--handler", "./agent.ts"], { cwd, env });
        await worker.says(/"id":"42".*order seen|order seen.*"id":"42"/);
        worker.kill("SIGTERM");
        expect(await worker.exited).toBe(0);
        expect(await server.messages(SQS_QUEUE_URL)).toEqual([]);
      },
      60_000,
    );

    test.each(["none", "process"])("says with ISOLATION=%s what of it is no mere type", async (ISOLATION) => {
      await writeFile(join(cwd, "enum.ts"), "enum Kind { Order }\nexport default () => Kind.Order;\n");
      const env = { ...server.env, ...SETTINGS, SQS_QUEUE_URL: "http://127.0.0.1:1/0/tasks", ISOLATION };
      const { code, stdout, stderr } = await command(["run", "--handler", "./enum.ts"], { cwd, env });
      const told = /enum is not supported in strip-only mode \(Node takes types away and makes no code of them/;
      expect([code, `${stdout}${stderr}`]).toEqual([78, expect.stringMatching(told)]);
    });
  });

  test("esm is the README's library snippet", async () => {
    const snippet = /## As a library\n\n```js\n([\s\S]*?)```/.exec(await readFile("README.md", "utf8"))?.[1];
    expect(await readFile(join("test", "consumer", "esm", "program.mjs"), "utf8")).toBe(snippet);
  });
});
