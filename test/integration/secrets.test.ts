import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { QueueServer } from "../support/fauxqs-server.js";

const SECRET = "hunter2-of-the-queue";
/** Accepts nothing. */
const NOWHERE = "127.0.0.1:1";

let server: QueueServer;
let folder: string;
let queueUrl: string;
let deadLetterQueueUrl: string;

/** The same address, with a password in it. */
const secret = (url: string) => url.replace("//", `//user:${SECRET}@`);

beforeAll(async () => {
  server = await QueueServer.start();
  folder = await mkdtemp(join(tmpdir(), "queuehand-secrets-"));
  await writeFile(join(folder, "agent.mjs"), "export default async () => {};\n");
  queueUrl = secret(await server.queue("tasks"));
  deadLetterQueueUrl = secret(await server.queue("tasks-dlq"));
});
afterEach(killCommands);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Every address of it with its secrets. */
const everything = () => ({
  ...server.env,
  AWS_ENDPOINT_URL: secret(server.env.AWS_ENDPOINT_URL!),
  SQS_QUEUE_URL: queueUrl,
  DLQ_URL: deadLetterQueueUrl,
});
const PROGRAM = `exec:python3 agent.py --api-key ${SECRET} -H "Authorization: Bearer ${SECRET}"`;

describe("No secret of a setting is told", () => {
  test.each([
    ["config", ["config"], {}],
    ["config, of a program", ["config", "--json"], { HANDLER: PROGRAM }],
    [
      "config, of what is no URL",
      ["config"],
      { SQS_QUEUE_URL: `htps://user:${SECRET}@queue`, DLQ_URL: `u:${SECRET}@q` },
    ],
    [
      "config, of names that are none",
      ["config"],
      { SQS_QUEUE_URLS: `https://user:${SECRET}@queue`, HANDLERS: PROGRAM },
    ],
    [
      "config, of contradictions",
      ["config"],
      { AGENT_COMMAND: `agent --token ${SECRET}`, DLQ_URL: "same", HANDLER: "./a.mjs" },
    ],
    [
      "run, of a queue that is gone",
      ["run"],
      { HANDLER: "./agent.mjs", SQS_QUEUE_URL: `http://u:${SECRET}@${NOWHERE}/1/gone?token=${SECRET}` },
    ],
    ["run, of bad settings", ["run"], { CONCURRENCY: "0", SQS_QUEUE_URL: `https:/${SECRET}@` }],
    ["run, of a program that isn't there", ["run"], { HANDLER: `exec:no-such-program --token=${SECRET}` }],
    ["run, of a module that isn't there", ["run", "--json"], { HANDLER: `./no/agent.mjs?token=${SECRET}` }],
    ["doctor", ["doctor"], {}],
    ["doctor, as JSON", ["doctor", "--json"], { HANDLER: PROGRAM }],
    ["doctor, of a queue that is gone", ["doctor"], { SQS_QUEUE_URL: `http://user:${SECRET}@${NOWHERE}/1/gone` }],
    ["send", ["send", "hello"], {}],
    ["send, as JSON", ["send", "--json", "hello"], {}],
    ["send, to nowhere", ["send", "hello"], { AWS_ENDPOINT_URL: `http://user:${SECRET}@${NOWHERE}` }],
    ["send, to what is no URL", ["send", "--queue-url", `queue:${SECRET}@host`, "hello"], {}],
    ["dlq ls", ["dlq", "ls"], {}],
    ["dlq ls, as JSON", ["dlq", "ls", "--json"], {}],
    ["dlq show", ["dlq", "show", "no-such-message"], {}],
    ["dlq redrive", ["dlq", "redrive"], {}],
    ["dlq redrive, as JSON", ["dlq", "redrive", "--json"], {}],
    ["dlq redrive, to itself", ["dlq", "redrive", "--to", "DLQ"], {}],
    ["dlq purge", ["dlq", "purge", "--yes"], {}],
  ] as const)("by %s", async (_, args, env) => {
    const given = args.map((arg) => (arg === "DLQ" ? deadLetterQueueUrl : arg));
    const HANDLER = `http://user:${SECRET}@${NOWHERE}/run?key=${SECRET}`;
    const own = { ...everything(), HANDLER, ...env };
    if (own.DLQ_URL === "same") own.DLQ_URL = own.SQS_QUEUE_URL;
    const { stdout, stderr } = await command(given, { cwd: folder, env: own });
    expect(stdout + stderr).not.toBe("");
    expect(stdout + stderr).not.toContain(SECRET);
  });

  test("by a worker: its log, its pages, its end", async () => {
    const env = {
      ...everything(),
      // Of two queues one is gone: what SQS and the sockets say of them is told as well.
      DLQ_URL: `http://user:${SECRET}@${NOWHERE}/1/gone?sig=${SECRET}`,
      HANDLER: "./agent.mjs",
      HTTP_PORT: "0",
      LOG_LEVEL: "debug",
      POLL_INTERVAL_SECONDS: "1",
    };
    const worker = new RunningCommand(["run", "--json"], { cwd: folder, env });
    const [, port] = await worker.says(/"port":(\d+)/);
    await worker.says(/worker running/);
    for (const path of ["/", "/api/now", "/api/errors", "/api/messages", "/livez", "/readyz", "/metrics"]) {
      const page = await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      expect(page).not.toContain(SECRET);
    }
    worker.kill("SIGTERM");
    await worker.exited;
    expect(worker.stdout + worker.stderr).not.toContain(SECRET);
  });

  test("by a worker that waits for its service, or whose queue is nowhere", async () => {
    const env = { ...everything(), HANDLER: `http://user:${SECRET}@${NOWHERE}/run`, HTTP_PORT: "off" };
    const waiting = new RunningCommand(["run"], { cwd: folder, env });
    await waiting.says(/not running yet/);
    const endpoint = { AWS_ENDPOINT_URL: `http://user:${SECRET}@${NOWHERE}` };
    const lost = new RunningCommand(["run"], { cwd: folder, env: { ...env, ...endpoint, HANDLER: "./agent.mjs" } });
    await lost.says(/receive failed/);
    for (const worker of [waiting, lost]) {
      worker.kill("SIGTERM");
      await worker.exited;
      expect(worker.stdout + worker.stderr).not.toContain(SECRET);
    }
  }, 30_000);

  test("by dev", async () => {
    const env = {
      HANDLER: `exec:${process.execPath} --no-warnings --title=x --token=${SECRET} agent.mjs`,
      HTTP_PORT: "0",
    };
    const dev = new RunningCommand(["dev"], { cwd: folder, env });
    await dev.says(/worker running/);
    dev.kill("SIGTERM");
    await dev.exited;
    expect(dev.stdout).toContain("Agent: exec:");
    expect(dev.stdout + dev.stderr).not.toContain(SECRET);
  });
});
