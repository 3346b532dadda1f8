import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ProgramHandler, type ProgramOptions } from "../../src/agents/program/program.js";
import type { Outcome } from "../../src/pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../src/pipeline/ports/queue.js";
import { HandRun, KeptLog, lives, received } from "../support/agent-bundle.js";
import { eventually } from "../support/eventually.js";

let folder: string;
const handlers: ProgramHandler[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-program-"));
});
afterEach(async () => {
  await Promise.all(handlers.splice(0).map((handler) => handler.stop()));
  await rm(folder, { recursive: true });
});

/** A program from the text of a shell script, started and with its log and run at hand. */
async function program(script: string, options: Partial<ProgramOptions> = {}) {
  const file = join(folder, "agent.sh");
  await writeFile(file, script);
  return command(`/bin/sh ${file}`, options);
}

async function command(line: string, options: Partial<ProgramOptions> = {}) {
  const log = new KeptLog();
  const run = new HandRun();
  const handler = new ProgramHandler({ command: line, logs: { of: log.logFor, own: log.logFor() }, ...options });
  handlers.push(handler);
  await handler.start();
  const end = (message: ReceivedMessage = received("{}")): Promise<Outcome> => handler.run(message, run);
  return { log, run, handler, end };
}

const errorOf = (outcome: Outcome) => (outcome.kind === "retry" ? String(outcome.error) : outcome.kind);

describe("A program", () => {
  test("gets the body on stdin, whatever is in it", async () => {
    const { end, log } = await program('printf "%s" "$(wc -c)"');
    const body = `${"ü\u2028\n".repeat(100_000)}'; $(touch x)`;
    expect(await end(received(body))).toEqual({ kind: "done" });
    expect(log.wrote("stdout")).toEqual([String(Buffer.byteLength(body))]);
  });

  test("finds the message's data in a file, and nothing of it in its environment or its arguments", async () => {
    const { end, run } = await program(
      `cp "$QUEUEHAND_MESSAGE_FILE" ${folder}/data; env > ${folder}/env; echo "$@" > ${folder}/args`,
    );
    run.idempotency = { key: "order-1", fence: 3 };
    await end(
      received("{}", {
        id: "m-1",
        groupId: "tenant",
        receiveCount: 3,
        attributes: [
          ["PATH", { type: "String", string: "/evil" }],
          ["__proto__", { type: "String", string: "polluted" }],
          ["NODE_OPTIONS", { type: "String", string: "--require=/evil.js" }],
          ["bytes", { type: "Binary", binary: new Uint8Array([0, 255]) }],
        ],
      }),
    );
    const data = JSON.parse(await readFile(join(folder, "data"), "utf8"));
    expect(data).toMatchObject({ id: "m-1", groupId: "tenant", receiveCount: 3, sentAt: 1_700_000_000_000 });
    expect(data.idempotency).toEqual({ key: "order-1", fence: 3 });
    expect(data.deadline).toBeGreaterThan(Date.now());
    expect(Object.entries(data.attributes)).toEqual([
      ["PATH", "/evil"],
      ["__proto__", "polluted"],
      ["NODE_OPTIONS", "--require=/evil.js"],
      ["bytes", { base64: "AP8=" }],
    ]);
    const seen = (await readFile(join(folder, "env"), "utf8")) + (await readFile(join(folder, "args"), "utf8"));
    for (const secret of ["evil", "polluted", "tenant", "m-1"]) expect(seen).not.toContain(secret);
  });

  test("gets an allow-list of the environment, and what AGENT_ENV asks for", async () => {
    const { end } = await program(`env > ${folder}/env`, {
      environment: {
        PATH: process.env.PATH,
        HOME: "/home/agent",
        RUN_MODE: "fast",
        AWS_SECRET_ACCESS_KEY: "secret",
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/secret",
        ECS_CONTAINER_METADATA_URI_V4: "http://secret",
        DB_TOKEN: "secret",
        MODEL: "large",
        PY_A: "1",
      },
      passOn: ["MODEL", "PY_*"],
    });
    await end();
    const names = (await readFile(join(folder, "env"), "utf8")).split("\n").map((line) => line.split("=")[0]);
    // PWD, SHLVL, _ and OLDPWD are the shell's own.
    expect(names.filter((name) => name && !["PWD", "SHLVL", "_", "OLDPWD"].includes(name)).toSorted()).toEqual(
      [
        "HOME",
        "MODEL",
        "PATH",
        "PY_A",
        "QUEUEHAND_MESSAGE_FILE",
        "QUEUEHAND_RUN_ID",
        "QUEUEHAND_WORK_DIR",
        "RUN_MODE",
        "TMPDIR",
      ].toSorted(),
    );
  });

  test("belongs to the message's trace, if that is really one", async () => {
    const { end, log } = await program('echo "$TRACEPARENT"');
    await end(
      received("{}", { traceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1" }),
    );
    await end(received("{}", { attributes: [["traceparent", { type: "String", string: "$(touch /tmp/x)" }]] }));
    expect(log.wrote("stdout")).toEqual(["00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"]);
  });

  test("gets its words as they are quoted, and no shell", async () => {
    const { end, log } = await command(`/bin/echo 'a  b' "c \\" d" $HOME \\* ''`);
    await end();
    expect(log.wrote("stdout")).toEqual(['a  b c " d $HOME * ']);
  });

  test.each([
    ["0", "exit 0", { kind: "done" }],
    [
      "65 with a reason on stderr",
      "echo first >&2; echo 'no such order' >&2; echo >&2; exit 65",
      { kind: "reject", reason: "no such order" },
    ],
    ["65 without one", "exit 65", { kind: "reject", reason: "the program ended with exit code 65" }],
  ])("says how it ended by its exit code: %s", async (_, script, outcome) => {
    const { end } = await program(script);
    expect(await end()).toEqual(outcome);
  });

  test.each([
    ["75", "exit 75", /exit code 75/],
    ["1, with its last line on stderr", "echo 'no network' >&2; exit 1", /exit code 1: no network/],
    ["killed by a signal", "kill -SEGV $$", /killed by SIGSEGV/],
  ])("is tried again after exit code %s", async (_, script, error) => {
    const { end } = await program(script);
    expect(errorOf(await end())).toMatch(error);
  });

  test.each([
    ["of its own doing", "kill -SEGV $$", "SIGSEGV"],
    ["as it would for want of memory", "kill -KILL $$", "SIGKILL"],
    ["as it was asked to", "kill -TERM $$", undefined],
    ["by an exit code", "exit 139", undefined],
  ])("says of which crash it died, if it did: %s", async (_, script, crash) => {
    const { end } = await program(script);
    expect((await end()) as { crash?: string }).toMatchObject({ kind: "retry", crash });
  });

  test.each([
    ['{"retry":30}', { kind: "retry", afterSeconds: 30, error: "the agent asked for a retry" }],
    ['{"defer":5,"reason":"no database"}', { kind: "defer", afterSeconds: 5, reason: "no database" }],
    ['{"defer":null}', { kind: "defer", reason: "the agent asked to wait" }],
    ['{"reject":"no such order"}', { kind: "reject", reason: "no such order" }],
  ])("says on descriptor 3 how its run ends: %s", async (line, outcome) => {
    const { end } = await program(`echo '${line}' >&3; exit 0`);
    expect(await end()).toEqual(outcome);
  });

  test("extends its time and reports progress on descriptor 3", async () => {
    const { end, run } = await program(`printf '{"extend":60}\\n{"progress":"half","extend":90}' >&3`);
    expect(await end()).toEqual({ kind: "done" });
    expect(run.extended).toEqual([60, 90]);
    expect(run.notes).toEqual(["half"]);
  });

  test("does no harm with nonsense on descriptor 3", async () => {
    const { end, run, log } = await program(
      `printf 'nonsense\\n[]\\n{"extend":"60"}\\n{"extend":99999}\\n{"__proto__":1}\\n' >&3; head -c 100000 /dev/zero | tr '\\0' x >&3`,
    );
    expect(await end()).toEqual({ kind: "done" });
    expect(run.extended).toEqual([]);
    expect(log.entries.map(({ fields }) => fields.fault)).toEqual([
      "not JSON",
      "not an object",
      "extend takes between 1 and 43200 seconds",
      "extend takes between 1 and 43200 seconds",
      "no verb: extend, progress, took, retry, reject, defer or busy",
      "too long",
    ]);
  });

  test.each([
    ['{"retry":-1}', "retry takes between 0 and 43200 seconds"],
    ['{"defer":"soon"}', "defer takes between 0 and 43200 seconds"],
    ['{"reject":{"code":5}}', "reject takes a string"],
    ['{"reject":"no such order","extend":"60"}', "extend takes between 1 and 43200 seconds"],
  ])("is not done when it says oddly on descriptor 3 how its run ends: %s", async (line, error) => {
    const { end, log } = await program(`echo '${line}' >&3; exit 0`);
    expect(await end()).toEqual({ kind: "retry", error });
    expect(log.entries.map(({ fields }) => fields.fault)).toEqual([error]);
  });

  test("need not read its input", async () => {
    const { end } = await program("exec 0<&-; exit 0");
    for (let n = 0; n < 5; n++) expect(await end(received("x".repeat(1_000_000)))).toEqual({ kind: "done" });
  });
});

describe("What a program writes", () => {
  test("becomes fields of log lines, with no control character in them", async () => {
    const { end, log } = await program(
      `printf '{"_aws":{"CloudWatchMetrics":[]}}\\n\\033]0;title\\007\\033[31mred\\033[0m\\r\\n'; printf 'tail without an end' >&2`,
    );
    await end();
    expect(log.wrote("stdout")).toEqual(['{"_aws":{"CloudWatchMetrics":[]}}', "\\u001b]0;title\\u0007red"]);
    expect(log.wrote("stderr")).toEqual(["tail without an end"]);
  });

  test("is cut to a length and a rate, and the worker's memory stays bounded", async () => {
    const { end, log } = await program(
      "head -c 1000000000 /dev/zero; echo; yes | head -c 20000000; echo 'the last' >&2; exit 3",
    );
    let highest = 0;
    const before = process.memoryUsage.rss();
    const watch = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage.rss());
    }, 20);
    const outcome = await end();
    clearInterval(watch);
    expect(errorOf(outcome)).toMatch(/exit code 3: the last/);
    expect(highest - before).toBeLessThan(250_000_000);
    expect(log.entries.length).toBeLessThan(1_000);
    for (const { fields } of log.entries) expect(String(fields.line).length).toBeLessThan(2_100);
    const { fields, text } = log.entries.at(-1)!;
    expect(text).toBe("output of the agent was left out: too much of it");
    expect(Number(fields.bytes)).toBeGreaterThan(1_000_000_000);
  }, 60_000);
});

describe("When a run ends, all of it has ended:", () => {
  const pidOf = async (name: string) => Number(await readFile(join(folder, name), "utf8"));

  test("an aborted program gets SIGTERM and may save its work", async () => {
    const { end, run, log } = await program(
      `trap 'echo saved; exit 75' TERM; echo '{"progress":"ready"}' >&3; while :; do sleep 0.05; done`,
    );
    const ready = run.noted("ready");
    const ended = end();
    await ready;
    run.abort("timeout");
    expect(errorOf(await ended)).toMatch(/exit code 75/);
    expect(log.wrote("stdout")).toEqual(["saved"]);
  });

  test("one that ignores SIGTERM is killed, its children too", async () => {
    const { end, run } = await program(
      `trap '' TERM; sleep 60 & echo $! > ${folder}/child; echo '{"progress":"ready"}' >&3; while :; do sleep 0.05; done`,
    );
    const ready = run.noted("ready");
    const ended = end();
    await ready;
    run.abort("lease lost");
    expect(errorOf(await ended)).toMatch(/killed by SIGKILL/);
    expect(lives(await pidOf("child"))).toBe(false);
  });

  test("a run that was aborted before it began ends at once", async () => {
    const { end, run } = await program("sleep 60");
    run.abort("shutdown");
    expect(errorOf(await end())).toMatch(/killed by SIGTERM/);
  });

  test("a grandchild that holds stdout doesn't hold the slot", async () => {
    const { end } = await program(`sleep 60 & echo $! > ${folder}/child; exit 0`);
    expect(await end()).toEqual({ kind: "done" });
    expect(lives(await pidOf("child"))).toBe(false);
  });

  test("a grandchild that ignores SIGTERM is killed", async () => {
    const { end } = await program(
      `(trap '' TERM; echo '{"progress":"set"}' >&3; while :; do sleep 0.05; done) & echo $! > ${folder}/child; sleep 0.2; exit 0`,
    );
    expect(await end()).toEqual({ kind: "done" });
    expect(lives(await pidOf("child"))).toBe(false);
  });

  test("one that left the group by setsid is found and killed, whoever its parent is", async () => {
    const { end, log } = await program(
      `setsid sh -c 'echo $$ > ${folder}/stray; exec >/dev/null 2>&1 3>&-; sleep 60' & while [ ! -s ${folder}/stray ]; do sleep 0.01; done; exit 0`,
    );
    expect(await end()).toEqual({ kind: "done" });
    expect(lives(await pidOf("stray"))).toBe(false);
    expect(log.entries.at(-1)).toMatchObject({
      level: "warn",
      text: expect.stringContaining("left the agent's group"),
    });
  });

  test("its work folder is gone, with all that was in it", async () => {
    const { end } = await program(
      `echo "$QUEUEHAND_WORK_DIR" > ${folder}/where; stat -c %a "$QUEUEHAND_WORK_DIR" >> ${folder}/where; mkdir -p "$TMPDIR/a/b"; echo x > "$TMPDIR/a/b/c"; chmod 500 "$TMPDIR/a/b"`,
    );
    await end();
    const [path, mode] = (await readFile(join(folder, "where"), "utf8")).split("\n");
    expect(mode).toBe("700");
    await expect(readdir(path!)).rejects.toThrow("ENOENT");
  });

  test("one whose work folder grows beyond its quota is killed and tried again", async () => {
    const { end } = await program('head -c 3000000 /dev/zero > "$TMPDIR/big"; sleep 60', { workBytesMax: 2 ** 20 });
    expect(errorOf(await end())).toMatch(/work folder grew beyond 1 MiB/);
  });

  test("one that uses more memory than it may is killed and tried again, its children's counted", async () => {
    const hold = `head -c 200000000 /dev/zero | tail -c 200000000 | { sleep 60; cat >/dev/null; }`;
    const { end } = await program(`(${hold}) & wait`, { memoryBytesMax: 100 * 2 ** 20 });
    expect(errorOf(await end())).toMatch(/used more memory than 100 MiB/);
  });

  test("the kernel would kill it before the worker", async () => {
    const { end, log } = await program("sleep 0.1; cat /proc/self/oom_score_adj");
    await end();
    expect(log.wrote("stdout")).toEqual(["1000"]);
  });

  test("after hundreds of runs no descriptor and no folder is left", async () => {
    const { end, log } = await program('echo "$QUEUEHAND_WORK_DIR"');
    await end();
    const root = dirname(String(log.wrote("stdout")[0]));
    const descriptors = async () => (await readdir("/proc/self/fd")).length;
    const before = await descriptors();
    for (let n = 0; n < 20; n++) await Promise.all(Array.from({ length: 10 }, () => end()));
    expect(await descriptors()).toBe(before);
    await eventually(
      () => readdir(root),
      (left) => left.length === 0,
    );
  }, 60_000);
});

describe("A program that can't run is seen at the start:", () => {
  test.each([
    ["/no/such/program", /the program \/no\/such\/program doesn't exist/],
    ["no-such-program --x", /the program no-such-program isn't in the PATH/],
    ["/tmp", /is not a file/],
    ["", /names no program/],
    ["sh -c 'exit", /has a ' that isn't closed/],
  ])("%s", async (line, message) => {
    await expect(command(line)).rejects.toThrow(message);
  });

  test("one that isn't executable, is for another machine, or has no interpreter", async () => {
    const file = join(folder, "agent");
    await writeFile(file, "#!/no/such/python3\n");
    if (process.getuid?.() !== 0) await expect(command(file)).rejects.toThrow("isn't executable by this user");
    await chmod(file, 0o755);
    await expect(command(file)).rejects.toThrow("names an interpreter that can't be run (/no/such/python3)");
    const head = Buffer.alloc(64);
    head.write("\u007fELF\u0002\u0001", "latin1");
    head.writeUInt16LE(process.arch === "arm64" ? 62 : 183, 18);
    await writeFile(file, head);
    await expect(command(file)).rejects.toThrow(/is built for another machine \((x64|arm64); this one is/);
  });
});

test("A program that goes missing later doesn't cost the message: it is deferred", async () => {
  const file = join(folder, "agent");
  await writeFile(file, "#!/bin/sh\nexit 0\n");
  await chmod(file, 0o755);
  const { end } = await command(file);
  expect(await end()).toEqual({ kind: "done" });
  await rm(file);
  expect(await end()).toEqual({ kind: "defer", reason: expect.stringMatching(/can't be started: .*ENOENT/) });
});

test("Out of descriptors messages are deferred, and the next one finds all as it was", async () => {
  const program = new URL("../../src/agents/program/program.js", import.meta.url);
  const script = `
    import { ProgramHandler } from ${JSON.stringify(program.href)};
    const handler = new ProgramHandler({ command: "sleep 0.2", logs: { own: console, of: () => console } });
    await handler.start();
    const message = { id: "m", body: "", attributes: new Map(), receiveCount: 1 };
    const run = () => ({ signal: new AbortController().signal, deadline: 0 });
    const many = await Promise.all(Array.from({ length: 30 }, () => handler.run(message, run())));
    const kinds = new Set(many.map(({ kind }) => kind));
    console.log(JSON.stringify({ kinds: [...kinds].toSorted(), next: (await handler.run(message, run())).kind }));
    await handler.stop();`;
  const file = join(folder, "few.mjs");
  await writeFile(file, script);
  // The shell's limit counts for what it becomes.
  const { stdout } = await promisify(execFile)("sh", ["-c", `ulimit -n 60; exec "$0" "$1"`, process.execPath, file]);
  expect(JSON.parse(stdout)).toEqual({ kinds: ["defer", "done"], next: "done" });
});
