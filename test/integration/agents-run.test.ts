import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lives } from "../support/agent-bundle.js";
import { command } from "../support/command.js";
import { LogLines } from "../support/log-lines.js";
import { RunBundle } from "../support/run-bundle.js";

let bundle: RunBundle;
let folder: string;

beforeEach(async () => {
  bundle = await RunBundle.start({ maxReceiveCount: 5 });
  folder = bundle.folder;
});
afterEach(() => bundle[Symbol.asyncDispose]());

/** `queuehand run` on the test's queue, its log lines in order. */
function worker(settings: Record<string, string>) {
  const running = bundle.run({ RETRY_BACKOFF_SECONDS: "1,1", LOG_LEVEL: "debug", ...settings });
  const lines = () => {
    const all = new LogLines();
    all.write(running.stdout);
    return all.all.map(({ fields }) => fields);
  };
  const stop = async () => {
    running.kill("SIGTERM");
    return running.exited;
  };
  return { running, lines, stop };
}

const send = (body: unknown) => bundle.send(JSON.stringify(body));

const outcomes = (lines: Readonly<Record<string, unknown>>[]) =>
  lines.filter(({ msg }) => msg === "message settled").map(({ outcome }) => outcome);

/** Waits until so many messages have been settled. */
async function settled({ running }: ReturnType<typeof worker>, count: number) {
  await running.says(new RegExp(`(?:"msg":"message settled"[\\s\\S]*){${count}}`));
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

describe("run", () => {
  test("runs a program for each message, with its verbs, and none of the worker's credentials", async () => {
    await writeFile(
      join(folder, "agent.sh"),
      `body=$(cat)
echo "body $body"
echo "secrets $(env | grep -c AWS_)"
case "$body" in
  *reject*) echo 'no such order' >&2; exit 65 ;;
  *retry*) [ "$(sed 's/.*"receiveCount":\\([0-9]*\\).*/\\1/' "$QUEUEHAND_MESSAGE_FILE")" = 1 ] && exit 75 ;;
esac
exit 0`,
    );
    const started = worker({ HANDLER: "exec:sh agent.sh" });
    ["done", "reject", "retry"].forEach(send);
    await settled(started, 4);
    expect(await started.stop()).toBe(0);
    expect(outcomes(started.lines()).toSorted()).toEqual(["done", "done", "reject", "retry"]);
    const wrote = started.lines().filter(({ stream }) => stream === "stdout");
    expect(wrote.map(({ line }) => line)).toContain('body "done"');
    expect(
      wrote.filter(({ line }) => String(line).startsWith("secrets")).every(({ line }) => line === "secrets 0"),
    ).toBe(true);
    expect(wrote.every(({ messageId }) => typeof messageId === "string")).toBe(true);
    const [letter] = await bundle.deadLetters();
    expect(letter!.Body).toBe('"reject"');
  }, 30_000);

  test.each<[string, Record<string, string>, string]>([
    ["program", { HANDLER: "exec:sh agent.sh" }, "the program was killed by SIGSEGV"],
    ["module in a pool", { HANDLER: "./agent.mjs", ISOLATION: "process" }, "the agent's process was killed by SIGSEGV"],
  ])(
    "gives up a message that crashes its %s each time, with the reason, and goes on with others",
    async (_, settings, how) => {
      await writeFile(join(folder, "agent.sh"), 'case "$(cat)" in *poison*) kill -SEGV $$ ;; esac');
      await writeFile(
        join(folder, "agent.mjs"),
        'export default ({ body }) => { if (body === "poison") process.kill(process.pid, "SIGSEGV"); };',
      );
      const started = worker(settings);
      ["poison", "good", "better"].forEach(send);
      await settled(started, 7);
      expect(await started.stop()).toBe(0);
      const ends = ["done", "done", "reject", "retry", "retry", "retry", "retry"];
      expect(outcomes(started.lines()).toSorted()).toEqual(ends);
      const [letter] = await bundle.deadLetters();
      expect(letter!.Body).toBe('"poison"');
      const reason = letter!.MessageAttributes?.QueuehandReason?.StringValue;
      expect(reason).toMatch(`poison: 5 times in a row ${how}`);
      const sums = started.lines().filter(({ msg }) => msg === "summary");
      expect(sums.reduce((sum, { crashes }) => sum + Number(crashes ?? 0), 0)).toBe(5);
    },
    30_000,
  );

  test.each(["process", "process-per-message"])(
    "runs a module with ISOLATION=%s",
    async (isolation) => {
      await writeFile(
        join(folder, "agent.mjs"),
        `export default async ({ body, receiveCount }, { log, progress }) => {
        log.info({ pid: process.pid, keys: Object.keys(process.env).filter((name) => name.startsWith("AWS")) }, "began");
        progress("under way");
        if (body === "loop" && receiveCount === 1) for (;;);
        if (body === "crash" && receiveCount === 1) process.abort();
      };`,
      );
      const started = worker({ HANDLER: "./agent.mjs", ISOLATION: isolation, HANDLER_TIMEOUT_SECONDS: "1" });
      ["one", "two", "crash", "loop"].forEach(send);
      await settled(started, 6);
      expect(await started.stop()).toBe(0);
      expect(outcomes(started.lines()).toSorted()).toEqual(["done", "done", "done", "done", "retry", "retry"]);
      const began = started.lines().filter(({ msg }) => msg === "began");
      expect(began.every(({ keys, pid }) => (keys as string[]).length === 0 && pid !== undefined)).toBe(true);
      if (isolation === "process-per-message") expect(new Set(began.map(({ pid }) => pid)).size).toBe(began.length);
      expect(bundle.left).toBe(0);
    },
    30_000,
  );

  test("posts to a service: the example's", async () => {
    const service = spawn(process.execPath, [join(process.cwd(), "examples/http-agent/server.mjs")], {
      env: { PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const port = await new Promise<string>((resolve) =>
        service.stdout.on("data", (text) => resolve(/listening on (\d+)/.exec(String(text))![1]!)),
      );
      const started = worker({ HANDLER: `http://127.0.0.1:${port}/run` });
      [{ task_id: "1" }, { task_id: "2", busy: true }, "no task"].forEach(send);
      await settled(started, 4);
      expect(await started.stop()).toBe(0);
      expect(outcomes(started.lines()).toSorted()).toEqual(["done", "done", "reject", "retry"]);
      expect((await bundle.deadLetters())[0]!.Body).toBe('"no task"');
    } finally {
      service.kill("SIGTERM");
      await once(service, "exit");
    }
  }, 30_000);

  test("starts a service, starts it again when it dies, and ends it", async () => {
    const port = await freePort();
    await writeFile(
      join(folder, "server.mjs"),
      `import { createServer } from "node:http";
      console.log("up " + process.pid + " " + Object.keys(process.env).filter((name) => name.startsWith("AWS")).length);
      createServer((request, response) => {
        let body = "";
        request.on("data", (part) => { body += part; });
        request.on("end", () => (body === '"die"' && request.headers["x-aws-sqsd-receive-count"] === "1" ? process.exit(1) : response.end()));
      }).listen(${port}, "127.0.0.1");`,
    );
    const started = worker({
      HANDLER: `http://127.0.0.1:${port}/run`,
      AGENT_COMMAND: `${process.execPath} server.mjs`,
    });
    ["one", "die"].forEach(send);
    await settled(started, 3);
    expect(await started.stop()).toBe(0);
    expect(outcomes(started.lines()).toSorted()).toEqual(["done", "done", "retry"]);
    const ups = started.lines().map(({ line }) => /^up (\d+) (\d+)$/.exec(String(line)));
    const pids = ups.flatMap((up) => (up ? [Number(up[1])] : []));
    expect(pids).toHaveLength(2);
    expect(pids.map(lives)).toEqual([false, false]);
    expect(ups.every((up) => !up || up[2] === "0")).toBe(true);
  }, 30_000);

  test.each(["2", "8"])(
    "gives messages back that its programs can't end in %s s, and leaves no process",
    async (seconds) => {
      await writeFile(join(folder, "agent.sh"), "trap '' TERM; echo pid $$; while :; do sleep 0.1; done");
      const started = worker({
        HANDLER: "exec:sh agent.sh",
        SHUTDOWN_TIMEOUT_SECONDS: seconds,
        POLL_INTERVAL_SECONDS: "1",
      });
      send("endless");
      const [, pid] = await started.running.says(/"line":"pid (\d+)"/);
      expect(await started.stop()).toBe(75);
      expect(lives(Number(pid))).toBe(false);
      // The process had ended before its message was given back: nobody else can have begun on it by then.
      expect(outcomes(started.lines())).toEqual(["interrupted"]);
      expect(await bundle.server.messages(bundle.queueUrl)).toHaveLength(1);
    },
    30_000,
  );

  test("doesn't start a service where somebody listens already: messages would be theirs", async () => {
    let posted = 0;
    const stranger = createServer((socket) => socket.once("data", () => posted++)).listen(0, "127.0.0.1");
    await once(stranger, "listening");
    const { port } = stranger.address() as AddressInfo;
    try {
      send("secret");
      const started = worker({ HANDLER: `http://127.0.0.1:${port}/run`, AGENT_COMMAND: "sleep 60" });
      expect(await started.running.exited).toBe(78);
      expect(started.running.stderr).toContain("at HANDLER's address somebody accepts connections already");
      expect(posted).toBe(0);
    } finally {
      stranger.close();
    }
  }, 30_000);

  test("kills a service that ignores SIGTERM before the platform kills the worker", async () => {
    const port = await freePort();
    await writeFile(
      join(folder, "server.mjs"),
      `process.on("SIGTERM", () => console.log("asked to end"));
      (await import("node:http")).createServer().listen(${port}, "127.0.0.1");`,
    );
    const started = worker({
      HANDLER: `http://127.0.0.1:${port}/run`,
      AGENT_COMMAND: `${process.execPath} server.mjs`,
    });
    await started.running.says(/"worker running"/);
    expect(await started.stop()).toBe(0);
    const timeOf = (pattern: RegExp) =>
      Date.parse(String(started.lines().find(({ msg, line }) => pattern.test(`${msg} ${line}`))?.time));
    // Fargate grants 120 s at most, the budget is 115 s at most.
    expect(timeOf(/worker stopped/) - timeOf(/asked to end/)).toBeLessThan(5_000);
  }, 30_000);

  test("takes its agents with it when it is ended at once", async () => {
    await writeFile(join(folder, "agent.sh"), "trap '' TERM; echo pid $$; while :; do sleep 0.1; done");
    const started = worker({ HANDLER: "exec:sh agent.sh", TMPDIR: folder });
    send("endless");
    const [, pid] = await started.running.says(/"line":"pid (\d+)"/);
    started.running.kill("SIGTERM");
    await started.running.says(/draining/);
    started.running.kill("SIGTERM");
    expect(await started.running.exited).toBe(143);
    expect(lives(Number(pid))).toBe(false);
    expect((await readdir(folder)).filter((name) => name.startsWith("queuehand-"))).toEqual([]);
  }, 30_000);

  test.each([
    ["exec:no-such-program", {}, /the program no-such-program isn't in the PATH/],
    ["exec:sh 'agent.sh", {}, /has a ' that isn't closed/],
    ["./agent.mjs", { ISOLATION: "process" }, /HANDLER "\.\/agent\.mjs" failed while loading: Error: no database/],
    ["./agent.mjs", { AGENT_ENV: "MODEL" }, /AGENT_ENV needs an agent in a process of its own/],
    [
      "http://127.0.0.1:9/run",
      { AGENT_COMMAND: "false" },
      /AGENT_COMMAND "false" ended before its service was ready: exit code 1/,
    ],
    ["http://127.0.0.1:9/run", { AGENT_COMMAND: "no-such-server" }, /its program isn't in the PATH/],
    ["http://127.0.0.1:9/run", { AGENT_ENV: "MODEL" }, /AGENT_ENV needs an agent in a process of its own/],
    ["exec:true", { AGENT_COMMAND: "server" }, /AGENT_COMMAND needs a service as HANDLER/],
    ["exec:true", { AGENT_ENV: "A B" }, /AGENT_ENV must be names of variables/],
  ])("ends with 78 when it can't run %s", async (handler, settings, message) => {
    await writeFile(join(folder, "agent.mjs"), "throw new Error('no database');");
    const { code, stderr } = await command(["run", "--handler", handler, "--queue-url", bundle.queueUrl], {
      cwd: folder,
      env: { ...bundle.server.env, METRICS: "off", HTTP_PORT: "off", ...settings },
    });
    expect(stderr).toMatch(message);
    expect(code).toBe(78);
  });
});

test("the Python agent of the examples counts words, and rejects what is no task", async () => {
  await cp(join(process.cwd(), "examples/python-agent/agent.py"), join(folder, "agent.py"));
  await writeFile(join(folder, "tasks.jsonl"), '{"task_id":"1","text":"four words are here"}\nno JSON\n');
  const { code, stdout, stderr } = await command(
    ["dev", "--handler", "exec:python3 agent.py", "--samples", "tasks.jsonl", "--messages", "2", "--json"],
    { cwd: folder, env: { LOG_LEVEL: "info" } },
  );
  // There may be no Python here; then the start says so.
  if (stderr.includes("python3 isn't in the PATH")) return;
  expect(JSON.parse(stdout)).toMatchObject({ sent: 2, done: 1, rejected: 1 });
  expect(code).toBe(0);
  expect(stderr).toContain("task 1 has 4 words");
}, 30_000);

test("the Lambda agent of the examples bundles into one file that works alone", async () => {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [join(process.cwd(), "examples/lambda-agent/index.mjs")],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    outfile: join(folder, "index.mjs"),
    logLevel: "error",
  });
  const record = (messageId: string, body: unknown) => ({
    messageId,
    receiptHandle: "handle",
    body: JSON.stringify(body),
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: "0" },
  });
  const event = {
    Records: [record("1", { order_id: "A-1" }), record("2", { order_id: "A-2", flaky: true }), record("3", {})],
  };
  await writeFile(
    join(folder, "invoke.mjs"),
    `import { handler } from "./index.mjs";
    console.log(JSON.stringify(await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 10_000 })));`,
  );
  const child = spawn(process.execPath, [join(folder, "invoke.mjs")], {
    env: {},
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = new LogLines();
  child.stdout.setEncoding("utf8").on("data", (text: string) => lines.write(text));
  expect(await once(child, "close")).toEqual([0, null]);
  expect(lines.all.at(-1)!.fields).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }, { itemIdentifier: "3" }] });
  expect(lines.where(({ fields }) => fields.msg === "order packed")).toHaveLength(1);
}, 30_000);
