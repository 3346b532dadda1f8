import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ProcessPool, type ProcessPoolOptions } from "../../src/agents/module/process-pool.js";
import { Launcher } from "../../src/agents/process/launcher.js";
import { ProgramHandler, type ProgramOptions } from "../../src/agents/program/program.js";
import { ServiceHandler } from "../../src/agents/service/service.js";
import { WatchedService } from "../../src/agents/service/watched-service.js";
import type { Handler } from "../../src/pipeline/ports/handler.js";
import type { Outcome } from "../../src/pipeline/ports/outcome.js";
import { HandRun, KeptLog, received } from "../support/agent-bundle.js";

let folder: string;
const handlers: Handler[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-limits-"));
});
afterEach(async () => {
  await Promise.all(handlers.splice(0).map((handler) => handler.stop?.()));
  await rm(folder, { recursive: true });
});

/** A program from the text of a shell script. */
async function program(script: string, options: Partial<ProgramOptions> = {}) {
  const file = join(folder, "agent.sh");
  await writeFile(file, `#!/bin/sh\n${script}`);
  await chmod(file, 0o755);
  const log = new KeptLog();
  const handler = new ProgramHandler({ command: file, logs: { of: log.logFor, own: log.logFor() }, ...options });
  handlers.push(handler);
  await handler.start();
  const end = (run = new HandRun()): Promise<Outcome> => handler.run(received("{}"), run);
  return { file, log, end };
}

/** A pool whose agent is `async (message, context) => { BODY }`. */
async function pool(body: string, options: Partial<ProcessPoolOptions> = {}, atStart = "") {
  const path = join(folder, "agent.mjs");
  await writeFile(path, `${atStart}\nexport default async (message, context) => { ${body} };`);
  const log = new KeptLog();
  const handler = new ProcessPool({ path, slots: 2, logs: { of: log.logFor, own: log.logFor() }, ...options });
  handlers.push(handler);
  await handler.start();
  const end = (sent: unknown = {}): Promise<Outcome> => handler.run(received(JSON.stringify(sent)), new HandRun());
  const texts = () => log.entries.map(({ text }) => text);
  return { log, end, texts };
}

const errorOf = (outcome: Outcome) => (outcome.kind === "retry" ? String(outcome.error) : outcome.kind);

/** Has the processor busy for so many seconds of its time. */
const burn = (seconds: number) => `
  const until = process.cpuUsage().user + ${seconds * 1e6};
  while (process.cpuUsage().user < until) for (let n = 0; n < 1e6; n++);`;

describe("With AGENT_OPEN_FILES", () => {
  test("a program can't have more descriptors open, can't raise that, and keeps its words, its id and its group", async () => {
    const { end, log } = await program(
      `ulimit -Sn; ulimit -Hn; ulimit -n 200 2>/dev/null || echo denied; echo $$; read -r pid name state parent group rest </proc/$$/stat; echo $group`,
      {
        openFilesMax: 100,
      },
    );
    expect(await end()).toEqual({ kind: "done" });
    const [soft, hard, raised, pid, group] = log.wrote("stdout");
    expect([soft, hard, raised]).toEqual(["100", "100", "denied"]);
    expect(group).toBe(pid);
  });

  test("no word of the command is parsed by the shell in between", async () => {
    const log = new KeptLog();
    const logs = { of: log.logFor, own: log.logFor() };
    const command = `/bin/echo '$(touch ${folder}/x)' "; touch ${folder}/x;" '\\' "" "a  b" -n`;
    const handler = new ProgramHandler({ command, openFilesMax: 100, logs });
    handlers.push(handler);
    await handler.start();
    expect(await handler.run(received("{}"), new HandRun())).toEqual({ kind: "done" });
    expect(log.wrote("stdout")).toEqual([`$(touch ${folder}/x) ; touch ${folder}/x; \\  a  b -n`]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("a program has no variable from the shell in between", async () => {
    const environment = { PATH: process.env.PATH };
    const log = new KeptLog();
    const handler = new ProgramHandler({
      command: "/usr/bin/env",
      environment,
      openFilesMax: 100,
      logs: { of: log.logFor, own: log.logFor() },
    });
    handlers.push(handler);
    await handler.start();
    await handler.run(received("{}"), new HandRun());
    const names = log.wrote("stdout").map((line) => String(line).split("=")[0]);
    expect(names.filter((name) => !["SHLVL", "_"].includes(name!)).toSorted()).toEqual(
      ["PATH", "QUEUEHAND_MESSAGE_FILE", "QUEUEHAND_RUN_ID", "QUEUEHAND_WORK_DIR", "TMPDIR"].toSorted(),
    );
  });

  test("an exit code is the program's own, 126 and 127 too", async () => {
    for (const code of [0, 1, 2, 126, 127]) {
      const { end } = await program(`exit ${code}`, { openFilesMax: 100 });
      expect(errorOf(await end())).toMatch(code === 0 ? "done" : `ended with exit code ${code}`);
    }
  });

  test("a program that goes missing, or loses its right to be run, doesn't cost the message: it is deferred", async () => {
    const { file, end } = await program("exit 0", { openFilesMax: 100 });
    await writeFile(file, "#!/no/such/shell\n");
    expect(await end()).toEqual({
      kind: "defer",
      reason: expect.stringContaining("can't be started: it names an interp"),
    });
    await rm(file);
    expect(await end()).toEqual({ kind: "defer", reason: `${file} can't be started: it doesn't exist` });
  });

  test("a module's processes can't have more descriptors open", async () => {
    const { end } = await pool(
      `const { openSync } = await import("node:fs");
       for (let n = 0; n < message.body.files; n++) openSync("/dev/null");`,
      { openFilesMax: 100 },
    );
    expect(errorOf(await end({ files: 200 }))).toMatch(/EMFILE/);
    // It kept them all open: another takes its place.
    expect(await end({ files: 10 })).toEqual({ kind: "done" });
    const one = await pool("", { openFilesMax: 64, runsMax: 1 });
    expect(await one.end()).toEqual({ kind: "done" });
  });

  test("a service that the worker starts can't have more descriptors open", async () => {
    const log = new KeptLog();
    const service = new ServiceHandler({ url: "http://127.0.0.1:1/run", queueName: "q" });
    const watched = new WatchedService({
      command: `sh -c 'ulimit -n >${folder}/limit; exit 3'`,
      service,
      openFilesMax: 100,
      logs: { of: log.logFor, own: log.logFor() },
    });
    await expect(watched.start(new AbortController().signal)).rejects.toThrow("exit code 3");
    expect(await readFile(join(folder, "limit"), "utf8")).toBe("100\n");
  });

  test("a limit above the hard one stops the start, and says what is", async () => {
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", "ulimit -Hn"]);
    if (stdout.trim() === "unlimited") return;
    const above = Number(stdout) + 1;
    const message = `AGENT_OPEN_FILES must be no more than ${above - 1}, the hard limit here, got ${above}`;
    await expect(new Launcher({ openFilesMax: above }).check()).rejects.toThrow(message);
    await expect(program("exit 0", { openFilesMax: above })).rejects.toThrow(message);
    await expect(pool("", { openFilesMax: above })).rejects.toThrow(message);
  });
});

describe("With AGENT_CPU_SECONDS", () => {
  test("a program that uses more is killed and tried again, all its processes counted", async () => {
    const { end } = await program("for n in 1 2 3; do (while :; do :; done) & done; wait", { cpuSecondsMax: 1 });
    expect(errorOf(await end())).toMatch("the program was killed: it used more processor time than 1 s");
  }, 30_000);

  test("what has left the program's group counts too, and ends with it", async () => {
    const { end } = await program("setsid sh -c 'while :; do :; done' & wait", { cpuSecondsMax: 1 });
    expect(errorOf(await end())).toMatch(/more processor time than 1 s/);
  }, 30_000);

  test("children that have ended count", async () => {
    const { end } = await program(`while :; do sh -c 'n=0; while [ $n -lt 30000 ]; do n=$((n+1)); done'; done`, {
      cpuSecondsMax: 1,
    });
    expect(errorOf(await end())).toMatch("used more processor time than 1 s");
  }, 30_000);

  test("waiting costs nothing", async () => {
    const { end } = await program("sleep 2", { cpuSecondsMax: 1 });
    expect(await end()).toEqual({ kind: "done" });
  }, 30_000);

  test("a module's process is killed in an endless loop, and that message is tried again", async () => {
    const { end } = await pool("if (message.body.loop) for (;;);", { cpuSecondsMax: 1 });
    const [looped, other] = await Promise.all([end({ loop: true }), end()]);
    expect(errorOf(looped!)).toMatch("the agent's process was killed: it used more processor time than 1 s");
    expect(other).toEqual({ kind: "done" });
  }, 30_000);

  test("what it takes to load a module counts for no message", async () => {
    const { end } = await pool("", { cpuSecondsMax: 1, slots: 1 }, burn(1.8));
    expect(await end()).toEqual({ kind: "done" });
  }, 30_000);

  test("each message counts for itself in a process that stays", async () => {
    const { end, texts } = await pool(`${burn(0.7)} context.log.info(String(process.pid));`, {
      cpuSecondsMax: 2,
      slots: 1,
    });
    for (let n = 0; n < 5; n++) expect(await end()).toEqual({ kind: "done" });
    expect(new Set(texts()).size).toBe(1);
  }, 30_000);
});

describe("A module's work folder", () => {
  const WRITE = `
    const { readdirSync, writeFileSync, mkdirSync } = await import("node:fs");
    const { join } = await import("node:path");
    const dir = process.env.QUEUEHAND_WORK_DIR;`;

  test("is empty for each message, and has the same path, though its process stays", async () => {
    const { end, log } = await pool(
      `${WRITE}
      context.log.info({ pid: process.pid, dir, found: readdirSync(dir) }, "ran");
      mkdirSync(join(dir, "a"));
      writeFileSync(join(dir, "a", "secret"), message.raw);
      writeFileSync(join(dir, ".b"), "x");`,
      { slots: 1 },
      `import { writeFileSync } from "node:fs"; writeFileSync(process.env.TMPDIR + "/from-loading", "x");`,
    );
    for (let n = 0; n < 5; n++) expect(await end()).toEqual({ kind: "done" });
    const ran = log.entries.map(({ fields }) => fields);
    expect(ran.map(({ found }) => found)).toEqual(Array(5).fill([]));
    expect(new Set(ran.map(({ dir }) => dir)).size).toBe(1);
    expect(new Set(ran.map(({ pid }) => pid)).size).toBe(1);
    expect(await readdir(String(ran[0]!.dir))).toEqual([]);
  });

  test("is empty for a message although the one before left something at work in the process", async () => {
    const { end, log } = await pool(
      `${WRITE}
      if (message.body.late) setTimeout(() => writeFileSync(join(dir, "late"), "x"), 50);
      else context.log.info({ found: readdirSync(dir) }, "ran");`,
      { slots: 1 },
    );
    await end({ late: true });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await end();
    expect(log.entries.map(({ fields }) => fields.found)).toEqual([[]]);
  });

  test("has a quota: its process is killed beyond it, and that message is tried again", async () => {
    for (const runsMax of [10_000, 1]) {
      const { end } = await pool(
        `${WRITE}
        if (!message.body.fill) return;
        writeFileSync(join(dir, "big"), Buffer.alloc(3_000_000));
        await new Promise((resolve) => setTimeout(resolve, 60_000));`,
        { workBytesMax: 2 ** 20, runsMax },
      );
      const [filled, other] = await Promise.all([end({ fill: true }), end()]);
      expect(errorOf(filled!)).toMatch("the agent's process was killed: its work folder grew beyond 1 MiB");
      expect(other).toEqual({ kind: "done" });
    }
  }, 30_000);
});
