import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { DeadLetterBundle } from "../support/dead-letter-bundle.js";
import { QueueServer } from "../support/fauxqs-server.js";
import { ODD_THROWS } from "../support/odd-throws.js";
import { working } from "../support/run-settings.js";
import { StepProxy } from "../support/step-proxy.js";

// Each reading of a queue ends with two empty receives, a second each.
jest.setTimeout(30_000);

let server: QueueServer;
let sqs: SQSClient;
let folder: string;
let queues: DeadLetterBundle;

beforeAll(async () => {
  server = await QueueServer.start();
  // The server's own names in URLs don't resolve here.
  sqs = new SQSClient({
    endpoint: server.env.AWS_ENDPOINT_URL!,
    useQueueUrlAsEndpoint: false,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
});
afterAll(async () => {
  sqs.destroy();
  await server.stop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-dlq-"));
  queues = await DeadLetterBundle.create(sqs, `q-${Math.random().toString(36).slice(2)}`);
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true });
});

const env = (more = {}) => ({ ...server.env, SQS_QUEUE_URL: queues.queueUrl, ...more });
const dlq = (...args: string[]) => command(["dlq", ...args], { cwd: folder, env: env() });
const json = async (...args: string[]) => {
  const { code, stdout } = await dlq(...args, "--json");
  return { code, said: JSON.parse(stdout) };
};
/** Resolves when there is no such process. */
const gone = async (pid: number) => {
  for (;;) {
    const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
    // Nobody may be there to take its exit code.
    if (status === undefined || / [ZX] /.test(status)) return;
    await sleep(20);
  }
};
const bodies = async (url: string) => (await queues.take(url)).map(({ Body }) => Body);

describe("dlq ls", () => {
  test("counts by reason and error, and leaves every message where it is, visible", async () => {
    await queues.seed([
      ...Array.from({ length: 30 }, (_, n) => ({ body: `{"n":${n}}`, reason: `order ${n} is bad` })),
      { body: "{}", reason: "no\u0020amount" },
    ]);
    const { code, stdout } = await dlq("ls");
    expect(code).toBe(0);
    expect(stdout).toMatch(/COUNT +REASON +AGENT'S ERROR +OLDEST +NEWEST/);
    expect(stdout).toMatch(/30 +rejected +order N is bad +\d+ s ago/);
    expect(stdout).toMatch(/ 1 +rejected +no amount/);
    const { said } = await json("ls", "--reason", "order");
    expect(said).toMatchObject({
      deadLetterQueueUrl: queues.deadLetterQueueUrl,
      approximate: 31,
      seen: 31,
      matching: 30,
      complete: true,
      groups: [{ count: 30, reason: "rejected", error: "order N is bad" }],
    });
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(31);
  });

  test("tells the last error of what failed too often, and show tells it whole", async () => {
    queues = await DeadLetterBundle.create(sqs, `x-${Math.random().toString(36).slice(2)}`, { maxReceiveCount: 2 });
    await writeFile(
      join(folder, "agent.mjs"),
      "export default ({ body }) => { throw new TypeError('order ' + body.order + ' has no price'); };",
    );
    const worker = new RunningCommand(["run"], {
      cwd: folder,
      env: env({ ...working(queues.queueUrl), RETRY_BACKOFF_SECONDS: "1,1" }),
    });
    for (const order of [17, 18]) await command(["send", `{"order":${order}}`], { cwd: folder, env: env() });
    while ((await queues.count(queues.deadLetterQueueUrl)) < 2) await sleep(50);
    worker.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
    const { said } = await json("ls");
    expect(said.groups).toMatchObject([
      { count: 2, reason: "too many receives", error: "TypeError: order N has no price" },
    ]);
    const { stdout } = await dlq("show", said.groups[0].example);
    expect(stdout).toMatch(/last error +TypeError: order 1[78] has no price/);
    expect(stdout).toMatch(/receives +2 until then/);
  });

  test("shows everything again when it is interrupted", async () => {
    await queues.seed(Array.from({ length: 40 }, (_, n) => ({ body: String(n) })));
    const ls = new RunningCommand(["dlq", "ls"], { cwd: folder, env: env() });
    while ((await queues.visible(queues.deadLetterQueueUrl)) === 40) await sleep(20);
    ls.kill("SIGINT");
    expect(await ls.exited).toBe(1);
    expect(ls.stderr).toContain("interrupted");
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(40);
  });
});

describe("dlq show", () => {
  test("shows one by its id, by its first id, or by their beginning", async () => {
    await queues.seed([
      { body: '{"a":"\u009b31m"}', reason: "bad \u009b31mred", id: "first-1234567" },
      { body: "other" },
    ]);
    const { said } = await json("show", "first-12");
    expect(said).toMatchObject({
      originalId: "first-1234567",
      reason: "rejected",
      error: "bad \u009b31mred",
      body: '{"a":"\u009b31m"}',
      attributes: { QueuehandMessageId: { type: "String", value: "first-1234567" } },
    });
    const shown = await dlq("show", said.id);
    expect(shown.stdout).toContain("id at first    first-1234567");
    expect(shown.stdout).toContain("bad \\u009b31mred");
    // A terminal takes it for the beginning of a command.
    expect(shown.stdout).not.toContain("\u009b");
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(2);
    const none = await dlq("show", "00000000");
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("no message 00000000 among the 2")]);
  });
});

describe("dlq redrive", () => {
  test("copies where the server can't move, with the ids of the first sending", async () => {
    await queues.seed(Array.from({ length: 25 }, (_, n) => ({ body: `b${n}`, reason: "bad", id: `first-${n}` })));
    const { code, stdout, stderr } = await dlq("redrive");
    expect([code, stderr]).toEqual([0, expect.stringContaining("SQS doesn't move messages here: they are copied")]);
    expect(stdout).toContain(`sent back 25 of 25 that match (25 read) to ${queues.queueUrl}`);
    const back = await queues.take(queues.queueUrl);
    expect(back.map(({ Body, MessageAttributes }) => [Body, Object.keys(MessageAttributes!)]).sort()[0]).toEqual([
      "b0",
      ["QueuehandMessageId"],
    ]);
    expect(new Set(back.map(({ MessageAttributes }) => MessageAttributes!.QueuehandMessageId!.StringValue)).size).toBe(
      25,
    );
    expect(await queues.count(queues.deadLetterQueueUrl)).toBe(0);
  });

  test("mends bodies by a command or a module, and leaves what these fail on", async () => {
    await queues.seed([{ body: '{"version":1}' }, { body: '{"version":2}' }, { body: "broken" }]);
    const edit = `node -e "const s=require('fs').readFileSync(0,'utf8');console.log(JSON.stringify({...JSON.parse(s),mended:true}))"`;
    const dry = await json("redrive", "--edit", edit, "--dry-run");
    expect(dry.said).toMatchObject({ by: "copy", dryRun: true, redriven: 2, edited: 2, matching: 3, complete: false });
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(3);

    const { code, said } = await json("redrive", "--where", "/version=1", "--edit", edit);
    expect([code, said]).toEqual([0, expect.objectContaining({ matching: 1, redriven: 1, edited: 1 })]);
    expect(await bodies(queues.queueUrl)).toEqual(['{"version":1,"mended":true}']);

    await writeFile(
      join(folder, "mend.mjs"),
      "export default (body, { id }) => { if (body === 'broken') return undefined; return { ...JSON.parse(body), id: typeof id }; };",
    );
    const module = await dlq("redrive", "--edit", "mend.mjs");
    expect([module.code, module.stderr]).toEqual([1, expect.stringContaining("1 stay: the editor returned no body")]);
    expect(await bodies(queues.queueUrl)).toEqual(['{"version":2,"id":"string"}']);
    const failing = await dlq("redrive", "--edit", "sh -c 'echo no good >&2; exit 3'");
    expect([failing.code, failing.stderr]).toEqual([
      1,
      expect.stringContaining("1 stay: the editor ended with exit code 3: no good"),
    ]);
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(1);
  });

  test("goes on past all that an editor throws, now or later, and names the letters that stay", async () => {
    const odd = Object.keys(ODD_THROWS);
    await queues.seed([...odd, "exit", "later", "good"].map((body) => ({ body })));
    await writeFile(
      join(folder, "edit.mjs"),
      `import { ODD_THROWS } from ${JSON.stringify(pathToFileURL(join(process.cwd(), "build/test/support/odd-throws.js")).href)};
      export default async (body) => {
        console.log("noise");
        if (body === "good") return body;
        if (body === "exit") process.exit(0);
        if (body !== "later") throw ODD_THROWS[body]();
        setTimeout(() => { throw ODD_THROWS.nullProto(); }, 5);
        await new Promise((resolve) => setTimeout(resolve, 100));
        return body;
      };`,
    );
    const { code, said } = await json("redrive", "--edit", "edit.mjs");
    expect([code, said]).toEqual([
      1,
      expect.objectContaining({ matching: odd.length + 3, redriven: 1, complete: false, late: [] }),
    ]);
    const staying = await queues.take(queues.deadLetterQueueUrl);
    const named = Object.values(said.left as Record<string, string[]>).flat();
    expect(new Set(named)).toEqual(new Set(staying.map(({ MessageId }) => MessageId)));
    expect(named).toHaveLength(odd.length + 2);
    expect(await bodies(queues.queueUrl)).toEqual(["good"]);
  });

  test("says so when an editor fails after its letter went back", async () => {
    await queues.seed([{ body: "a" }]);
    await writeFile(
      join(folder, "late.mjs"),
      "export default (body) => { setTimeout(() => Promise.reject(new Error('too late')), 50); return body; };",
    );
    const { code, stdout, stderr } = await dlq("redrive", "--edit", "late.mjs");
    expect([code, stdout]).toEqual([1, expect.stringContaining("sent back 1 of 1")]);
    expect(stderr).toMatch(/the editor failed after it had edited [\w-]+: Error: too late/);
  });

  test("is a failure where the editor's module ends the process while it is loaded", async () => {
    await queues.seed([{ body: "a" }]);
    await writeFile(join(folder, "exit.mjs"), "process.exit(0);");
    const { code, stderr } = await dlq("redrive", "--edit", "exit.mjs");
    expect([code, stderr]).toEqual([1, expect.stringContaining("can't be loaded: Error: process.exit(0) was called")]);
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(1);
  });

  test("keeps to its rate", async () => {
    await queues.seed(Array.from({ length: 60 }, (_, n) => ({ body: String(n) })));
    const { said } = await json("redrive", "--copy", "--rate", "40");
    expect(said).toMatchObject({ redriven: 60, complete: true });
    // 60 at 40 a second: the last batch may leave 1.25 s after the first at the earliest.
    expect(said.elapsedMs).toBeGreaterThanOrEqual(1_250);
  });

  test("killed at any moment, and begun again, loses nothing", async () => {
    const ids = Array.from({ length: 200 }, (_, n) => `first-${n}`);
    await queues.seed(ids.map((id) => ({ body: id, id })));
    for (let round = 0; round < 4; round++) {
      const before = await queues.count(queues.deadLetterQueueUrl);
      const redrive = new RunningCommand(["dlq", "redrive", "--copy", "--rate", "100"], { cwd: folder, env: env() });
      while ((await queues.count(queues.deadLetterQueueUrl)) > before - 20) await sleep(10);
      redrive.kill("SIGKILL");
      await redrive.exited;
      expect(
        (await queues.count(queues.deadLetterQueueUrl)) + (await queues.count(queues.queueUrl)),
      ).toBeGreaterThanOrEqual(200);
    }
    const there = (await queues.take(queues.queueUrl)).map(
      ({ MessageAttributes }) => MessageAttributes!.QueuehandMessageId!.StringValue,
    );
    const here = await queues.count(queues.deadLetterQueueUrl);
    expect(new Set(there).size + here).toBeGreaterThanOrEqual(200);
  });

  test("told to stop, ends what is under way and says so", async () => {
    await queues.seed(Array.from({ length: 100 }, (_, n) => ({ body: String(n) })));
    const redrive = new RunningCommand(["dlq", "redrive", "--copy", "--rate", "20", "--json"], {
      cwd: folder,
      env: env(),
    });
    while ((await queues.count(queues.queueUrl)) === 0) await sleep(10);
    redrive.kill("SIGINT");
    expect(await redrive.exited).toBe(1);
    const said = JSON.parse(redrive.stdout);
    expect(said).toMatchObject({ interrupted: true, complete: false, doubled: [] });
    expect(await queues.count(queues.queueUrl)).toBe(said.redriven);
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(100 - said.redriven);
  });

  test("interrupted, kills an editor that hangs, and all that it started, and shows everything again", async () => {
    await queues.seed(Array.from({ length: 4 }, (_, n) => ({ body: String(n) })));
    await writeFile(join(folder, "hang.sh"), "cat; sleep 1000 & echo $! >>pids; wait");
    const redrive = new RunningCommand(["dlq", "redrive", "--edit", "sh hang.sh"], { cwd: folder, env: env() });
    const pids = async () => (await readFile(join(folder, "pids"), "utf8").catch(() => "")).trim().split("\n");
    while ((await pids()).length < 4) await sleep(20);
    redrive.kill("SIGINT");
    expect(await redrive.exited).toBe(1);
    expect(redrive.stderr).toContain("4 stay: interrupted while it was edited");
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(4);
    for (const pid of await pids()) await gone(Number(pid));
  });

  test("interrupted twice, ends at once and says what it leaves hidden, and for how long", async () => {
    await queues.seed(Array.from({ length: 7 }, (_, n) => ({ body: String(n) })));
    let asked = () => {};
    const released = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const proxy = await StepProxy.start(server.env.AWS_ENDPOINT_URL!, async ({ operation, phase }) => {
      if (operation !== "ChangeMessageVisibilityBatch" || phase !== "before") return false;
      asked();
      return new Promise<boolean>(() => {});
    });
    try {
      const ls = new RunningCommand(["dlq", "ls"], { cwd: folder, env: env({ AWS_ENDPOINT_URL: proxy.url }) });
      while ((await queues.visible(queues.deadLetterQueueUrl)) === 7) await sleep(20);
      ls.kill("SIGINT");
      await released;
      ls.kill("SIGINT");
      expect(await ls.exited).toBe("SIGINT");
      expect(ls.stderr).toMatch(/ended at once: 7 messages may stay hidden for \d+ s at most; none is lost/);
    } finally {
      await proxy.close();
    }
  });

  test("on FIFO keeps groups and their order", async () => {
    queues = await DeadLetterBundle.create(sqs, `f-${Math.random().toString(36).slice(2)}`, { fifo: true });
    await queues.seed(Array.from({ length: 12 }, (_, n) => ({ body: String(n), groupId: `g${n % 3}` })));
    const { code, said } = await json("redrive");
    expect([code, said]).toEqual([0, expect.objectContaining({ by: "copy", redriven: 12, complete: true })]);
    expect(await queues.count(queues.deadLetterQueueUrl)).toBe(0);
    expect(await queues.count(queues.queueUrl)).toBe(12);
    const heads = await queues.take(queues.queueUrl);
    expect(heads.map(({ Body, Attributes }) => [Attributes!.MessageGroupId, Body]).sort()).toEqual([
      ["g0", "0"],
      ["g1", "1"],
      ["g2", "2"],
    ]);
  });
});

describe("dlq purge", () => {
  test("deletes all, or those that match, but not without being sure", async () => {
    await queues.seed([{ body: "1", reason: "bad" }, { body: "2", reason: "worse" }, { body: "3" }]);
    const unsure = await dlq("purge");
    expect([unsure.code, unsure.stderr]).toEqual([64, expect.stringContaining("--yes is needed")]);
    expect((await json("purge", "--dry-run")).said).toMatchObject({ wouldDelete: 3, deleted: 0, complete: true });
    const dry = await dlq("purge", "--reason", "bad", "--dry-run");
    expect([dry.code, dry.stdout]).toEqual([
      0,
      expect.stringMatching(/^would delete 1 message of http.*nothing was deleted\n$/),
    ]);
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(3);
    expect((await json("purge", "--reason", "bad", "--yes")).said).toMatchObject({ deleted: 1, complete: true });
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(2);
    expect((await json("purge", "--yes")).said).toMatchObject({ deleted: 2, complete: true, approximate: false });
    expect(await queues.count(queues.deadLetterQueueUrl)).toBe(0);
    expect((await dlq("purge", "--yes")).stdout).toMatch(/^deleted 0 messages of /);
  });

  test("deletes what others hold as well, of all, and says that it wasn't counted", async () => {
    await queues.seed([{ body: "1" }, { body: "2" }, { body: "3" }]);
    await queues.take(queues.deadLetterQueueUrl);
    const { stdout } = await dlq("purge", "--yes");
    expect(stdout).toMatch(/^deleted about 3 messages of /);
    expect(await queues.count(queues.deadLetterQueueUrl)).toBe(0);
  });
});

describe("dlq", () => {
  test("finds its queue by DLQ_URL and by --dlq-url, and says when there is none", async () => {
    await queues.seed([{ body: "1" }]);
    const alone = { ...server.env, DLQ_URL: queues.deadLetterQueueUrl };
    const byEnv = await command(["dlq", "ls", "--json"], { cwd: folder, env: alone });
    expect(JSON.parse(byEnv.stdout)).toMatchObject({ seen: 1 });
    const noTarget = await command(["dlq", "redrive"], { cwd: folder, env: alone });
    expect([noTarget.code, noTarget.stderr]).toEqual([64, expect.stringContaining("--to is needed")]);
    const to = await command(["dlq", "redrive", "--to", queues.queueUrl, "--json"], { cwd: folder, env: alone });
    expect(JSON.parse(to.stdout)).toMatchObject({ redriven: 1 });
    const byName = await dlq("ls", "--json", "--dlq-url", queues.deadLetterQueueUrl.split("/").at(-1)!);
    expect(JSON.parse(byName.stdout)).toMatchObject({ deadLetterQueueUrl: queues.deadLetterQueueUrl });
    const none = await dlq("ls", "--queue-url", queues.deadLetterQueueUrl);
    expect([none.code, none.stderr]).toEqual([78, expect.stringContaining("if so, name it by --dlq-url")]);
    const other = await dlq("redrive", "--dry-run", "--to", `${queues.queueUrl}-gone`);
    expect([other.code, other.stderr]).toEqual([69, expect.stringContaining("QueueDoesNotExist")]);
    const gone = await dlq("ls", "--dlq-url", `${queues.deadLetterQueueUrl}-gone`);
    expect([gone.code, gone.stderr]).toEqual([69, expect.stringContaining("QueueDoesNotExist")]);
  });

  test.each([
    [[], "needs one of ls, show, redrive, purge"],
    [["list"], 'unknown action "list"'],
    [["redrive", "--rate", "501"], "--rate must be a whole number between 1 and 500"],
    [["redrive", "--where", "a=1"], "--where must be /json/pointer=value"],
    [["redrive", "--to", "my tasks"], "--to must be a queue's URL, name or ARN"],
    [["redrive", "--edit", "'"], "has a ' that isn't closed"],
    [["show"], "needs the ID of a message"],
    [["ls", "--older-than", "x"], "--older-than must be an age"],
  ])("refuses %j", async (args, text) => {
    const { code, stdout, stderr } = await dlq(...args);
    expect([code, stdout, stderr]).toEqual([64, "", expect.stringContaining(text)]);
    const action = /^(redrive|show|ls)$/.test(args[0] ?? "") ? ` ${args[0]}` : "";
    expect(stderr).toContain(`Try: queuehand dlq${action} --help`);
  });

  test.each(["ls", "show", "redrive", "purge"])("%s tells what it takes", async (action) => {
    const { code, stdout } = await dlq(action, "--help");
    expect([code, stdout]).toEqual([0, expect.stringContaining(`Usage: queuehand dlq ${action}`)]);
  });
});
