import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { SendMessageCommand, type SendMessageCommandInput } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { loadConfig } from "../../src/config/config.js";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { notification } from "../support/envelopes.js";
import { eventually } from "../support/eventually.js";
import { QueueServer } from "../support/fauxqs-server.js";
import { closeServer, listenOnLoopback } from "../support/loopback.js";
import { celeryTask } from "../support/producers/python.js";
import { working } from "../support/run-settings.js";

jest.setTimeout(60_000);

const run = promisify(execFile);
const page = await readFile("docs/migrating.md", "utf8");
/** The code of the page, by the names in its comments. */
const CODE = new Map(
  [...page.matchAll(/<!-- runs: ([\w -]+) -->\n```\w+\n(.*?)```/gs)].map(([, name, code]) => [name!, code!]),
);
const used = new Set<string>();
function code(name: string): string {
  const found = CODE.get(name);
  if (found === undefined) throw new Error(`docs/migrating.md has no code named ${name}`);
  used.add(name);
  return found;
}

/** The peers whose code the page shows, where the bench has them. */
const PEERS = join(process.cwd(), "bench", "node_modules");
const withPeers = existsSync(join(PEERS, "sqs-consumer"))
  ? { name: "as it was", test }
  : { name: "as it was (skipped: the bench's packages aren't installed: npm ci in bench)", test: test.skip };

let server: QueueServer;
let folder: string;
let queueUrl: string;
let made = 0;
beforeAll(async () => {
  server = await QueueServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-moving-"));
  queueUrl = await server.queue(`moving-${++made}`);
  const link = async (name: string, to: string) => {
    await mkdir(dirname(join(folder, "node_modules", name)), { recursive: true });
    await symlink(to, join(folder, "node_modules", name));
  };
  await link("queuehand", process.cwd());
  for (const name of ["sqs-consumer", "squiss-ts"]) await link(name, join(PEERS, name));
  await write(
    "orders.mjs",
    `import { appendFileSync } from "node:fs";
     export async function place(id, how = "") { if (id === undefined) throw new Error("no id"); appendFileSync(${placed()}, id + how + "\\n"); }`,
  );
  await write(
    "orders.py",
    `def place(id):\n    with open(${placed()}, "a") as file:\n        file.write(f"{id}\\n")\n`,
  );
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true });
});

const write = (file: string, text: string) => writeFile(join(folder, file), text);
const placed = () => JSON.stringify(join(folder, "placed"));
const orders = async () => (await readFile(join(folder, "placed"), "utf8").catch(() => "")).split("\n").filter(Boolean);
const left = async () => {
  const { ready, inflight } = server.server.inspectQueue(queueUrl.split("/").at(-1)!)!.messages;
  return ready.length + inflight.length;
};
const send = (MessageBody: string, more: Partial<SendMessageCommandInput> = {}) =>
  server.client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, ...more }));

/** The variables that a shell has after the settings on the page. */
async function settings(name: string, env: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const names = [...code(name).matchAll(/^(?:export )?(\w+)=/gm)].map(([, variable]) => variable!);
  const show = names.map((variable) => `printf '%s\\0' "$${variable}"`).join("\n");
  const { stdout } = await run("sh", ["-c", `${code(name)}\n${show}`], { env: { ...env } });
  return Object.fromEntries(names.map((variable, index) => [variable, stdout.split("\0")[index]!]));
}

/** Has a worker empty the queue. */
async function works(env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const worker = new RunningCommand(["run"], { cwd: folder, env: { ...server.env, ...working(queueUrl), ...env } });
  await eventually(left, (count) => count === 0);
  worker.kill("SIGTERM");
  await worker.exited;
  return orders();
}

describe.each(["sqs-consumer", "squiss-ts"])("From %s", (name) => {
  withPeers.test(`the code does what it did, ${withPeers.name}`, async () => {
    await write("before.mjs", code(`${name} before`));
    await send('{"id":7}');
    // Their client goes where the URL points, and the server's own name for itself isn't known here.
    const reachable = `${server.env.AWS_ENDPOINT_URL}${new URL(queueUrl).pathname}`;
    const env = { ...process.env, ...server.env, SQS_QUEUE_URL: reachable };
    const before = run(process.execPath, ["before.mjs"], { cwd: folder, env, timeout: 30_000, killSignal: "SIGKILL" });
    const ended = before.catch(() => {});
    await eventually(left, (count) => count === 0, 20_000);
    // Not asked to: it would wait for its open poll.
    before.child.kill("SIGKILL");
    await ended;
    expect(await orders()).toEqual(["7"]);
  });

  test("and does so here", async () => {
    await write("agent.mjs", code(`${name} after`));
    await send('{"id":7}');
    expect(await works()).toEqual(["7"]);
  });
});

describe("From Elastic Beanstalk's daemon", () => {
  test("its settings are settings", async () => {
    const { config } = { config: loadConfig({ SQS_QUEUE_URL: queueUrl, ...(await settings("beanstalk settings")) }) };
    expect(config).toMatchObject({
      handler: { kind: "service", url: "http://localhost:8000/worker/sqs/" },
      agentCommand: "gunicorn --bind localhost:8000 shop.wsgi",
      serviceRejectStatus: [422],
    });
  });

  test("a schedule sends what its cron did", async () => {
    const { MessageBody, MessageAttributes } = JSON.parse(code("beanstalk schedule"));
    await send(MessageBody, { MessageAttributes });
    const seen: unknown[] = [];
    const service = createServer((request, response) => {
      seen.push([request.url, request.headers["x-aws-sqsd-taskname"], request.headers["content-length"]]);
      response.end();
    });
    const url = await listenOnLoopback(service);
    await works({ HANDLER: url });
    await closeServer(service);
    expect(seen).toEqual([["/nightly", "nightly", "0"]]);
  });
});

test("From Copilot's worker service: its queue, its topics", async () => {
  await write("agent.py", code("copilot after"));
  const env = await settings("copilot settings", { COPILOT_QUEUE_URI: queueUrl });
  expect(env.SQS_QUEUE_URL).toBe(queueUrl);
  await send(notification('{"id":7}'));
  expect(await works(env)).toEqual(["7"]);
});

test("From Celery: tasks by name, with their arguments, and a dead letter where there is none of that name", async () => {
  await write("agent.py", code("celery after"));
  const dead = await server.queue(`moving-${made}-dead`);
  await send(celeryTask([7], {}));
  await send(celeryTask([], { id: 8 }));
  await send(celeryTask([9], {}, { task: "no.such" }));
  const env = { ...(await settings("celery settings")), DLQ_URL: dead };
  expect((await works(env)).sort()).toEqual(["7", "8"]);
  expect(
    (await server.messages(dead)).map(({ MessageAttributes }) => MessageAttributes?.QueuehandReason?.StringValue),
  ).toEqual([expect.stringContaining("no such task: no.such")]);
});

test("From JMS and Spring: bytes, properties and their types", async () => {
  await write("agent.mjs", code("jms after"));
  const text = (StringValue: string, DataType = "String") => ({ DataType, StringValue });
  await send(Buffer.from('{"id":7}').toString("base64"), {
    MessageAttributes: { JMS_SQSMessageType: text("byte"), urgent: text("1", "Number.Boolean") },
  });
  await send('{"id":8}', { MessageAttributes: { JMS_SQSMessageType: text("text") } });
  expect((await works(await settings("jms settings"))).sort()).toEqual(["7 urgently", "8"]);
});

test("From Lambda, and back: the same answer, and the same agent in a worker", async () => {
  const event = {
    Records: [
      { messageId: "a", receiptHandle: "h", body: '{"id":7}', attributes: {} },
      { messageId: "b", receiptHandle: "h", body: "{}", attributes: {} },
    ],
  };
  for (const [name, file] of [
    ["lambda before", "before.mjs"],
    ["lambda after", "agent.mjs"],
  ] as const) {
    await write(file, code(name));
    const call = `import { handler } from "./${file}";
      console.error(JSON.stringify(await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 60000 })));`;
    const { stderr } = await run(process.execPath, ["--input-type=module", "--eval", call], { cwd: folder });
    expect(JSON.parse(stderr)).toEqual({ batchItemFailures: [{ itemIdentifier: "b" }] });
  }
  await send('{"id":8}');
  expect(await works()).toEqual(["7", "7", "8"]);
});

test("All of the page's code is run, and its settings are known", async () => {
  const names = [...CODE.keys()].filter((name) => !(withPeers.test === test.skip && /before$/.test(name)));
  expect(names.filter((name) => !used.has(name) && !/^(sqs-consumer|squiss-ts) before$/.test(name))).toEqual([]);
  expect(page.match(/^```\w+$/gm)).toHaveLength(CODE.size);
  const { stdout } = await command(["config", "--json"], { env: working(queueUrl) });
  const known = new Set(JSON.parse(stdout).settings.map(({ name }: { name: string }) => name));
  const told = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`/g)].map(([, name]) => name!);
  const theirs = ["COPILOT_QUEUE_URI", "ON_SUCCESS"];
  expect([...new Set(told)].filter((name) => !known.has(name) && !theirs.includes(name))).toEqual([]);
});
