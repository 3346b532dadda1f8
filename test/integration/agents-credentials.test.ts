import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ProgramHandler, type ProgramOptions } from "../../src/agents/program/program.js";
import type { AgentRole, RoleCredentials } from "../../src/pipeline/ports/agent-role.js";
import type { Outcome } from "../../src/pipeline/ports/outcome.js";
import { HandRun, KeptLog, received } from "../support/agent-bundle.js";
import { eventually } from "../support/eventually.js";

const HOUR_MS = 3_600_000;
/** What real ones have room for. */
const TOKEN = "t".repeat(1_500);

/** A role whose sessions are numbered, and told by who asked for them. */
class NumberedRole implements AgentRole {
  readonly asked: string[] = [];
  fault: Error | undefined;
  /** How long the next ones are good for. */
  goodMs = HOUR_MS;

  async credentialsFor(messageId: string): Promise<RoleCredentials> {
    this.asked.push(messageId);
    if (this.fault) throw this.fault;
    const name = `${messageId}-${this.asked.length}`;
    return {
      accessKeyId: `KEY-${name}`,
      secretAccessKey: `SECRET-${name}`,
      sessionToken: `${TOKEN}-${name}`,
      expiration: new Date(Date.now() + this.goodMs),
    };
  }

  close(): void {}
}

let folder: string;
const handlers: ProgramHandler[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-credentials-"));
});
afterEach(async () => {
  await Promise.all(handlers.splice(0).map((handler) => handler.stop()));
  await rm(folder, { recursive: true });
});

/** A program with a role, from the text of a script. */
async function program(script: string, options: Partial<ProgramOptions> = {}) {
  const file = join(folder, "agent");
  await writeFile(file, script);
  const log = new KeptLog();
  const role = new NumberedRole();
  const handler = new ProgramHandler({
    command: `/bin/sh ${file}`,
    logs: { of: log.logFor, own: log.logFor() },
    role,
    ...options,
  });
  handlers.push(handler);
  await handler.start();
  const end = (id = "m-1", run = new HandRun()): Promise<Outcome> => handler.run(received("{}", { id }), run);
  return { log, role, end };
}

const EXPECTED = (name: string) => ({
  Version: 1,
  AccessKeyId: `KEY-${name}`,
  SecretAccessKey: `SECRET-${name}`,
  SessionToken: `${TOKEN}-${name}`,
  Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
});

describe("A program with a role of its own", () => {
  test("finds the credentials of its message on descriptor 4, as often as it reads them", async () => {
    const { end, log, role } = await program("cat <&4; cat /dev/fd/4; cat /proc/$$/fd/4; cat /proc/$$/fd/4 <&-");
    expect(await end("m-7")).toEqual({ kind: "done" });
    expect(role.asked).toEqual(["m-7"]);
    const read = log.wrote("stdout").map((line) => String(line));
    expect(read).toHaveLength(4);
    for (const line of read) expect(JSON.parse(line)).toEqual(EXPECTED("m-7-1"));
  });

  test("has nothing of them in its environment, its arguments, its files, or a log line", async () => {
    const { end, log } = await program(
      `env; echo "$@"; ls -A "$QUEUEHAND_WORK_DIR"; cat "$QUEUEHAND_WORK_DIR"/*; tr '\\0' '\\n' </proc/$$/cmdline`,
    );
    expect(await end()).toEqual({ kind: "done" });
    const seen = JSON.stringify(log.entries);
    for (const secret of ["KEY-", "SECRET-", "ttttt"]) expect(seen).not.toContain(secret);
    expect(log.wrote("stdout")).toEqual(expect.arrayContaining(["aws-config", "aws-credentials", "message.json"]));
  });

  test("is told where AWS is to be called, and no credentials of the worker's", async () => {
    const { end, log } = await program("env", {
      environment: {
        PATH: process.env.PATH,
        AWS_REGION: "eu-west-1",
        AWS_ACCESS_KEY_ID: "worker's",
        AWS_SECRET_ACCESS_KEY: "worker's",
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/worker's",
        AWS_CONFIG_FILE: "/worker's",
      },
    });
    await end();
    const lines = log
      .wrote("stdout")
      .map(String)
      .filter((line) => line.startsWith("AWS_"));
    expect(lines.map((line) => line.split("=")[0]).toSorted()).toEqual([
      "AWS_CONFIG_FILE",
      "AWS_DEFAULT_REGION",
      "AWS_REGION",
      "AWS_SHARED_CREDENTIALS_FILE",
    ]);
    expect(lines.join()).not.toContain("worker's");
  });

  test("has them found by AWS's SDK without a line of code, in the program and in what it starts", async () => {
    const sdk = createRequire(import.meta.url).resolve("@aws-sdk/client-sqs");
    const agent = join(folder, "sdk.cjs");
    await writeFile(
      agent,
      `const { SQSClient } = require(${JSON.stringify(sdk)});
      const { config } = new SQSClient({});
      (async () => {
        const { accessKeyId, secretAccessKey, sessionToken, expiration } = await config.credentials();
        console.log(JSON.stringify({ accessKeyId, secretAccessKey, sessionToken, expiration, region: await config.region() }));
      })();`,
    );
    const { end, log } = await program(
      `"$RUN_NODE" ${agent}; (exec "$RUN_NODE" ${agent} 4<&-); (cd / && exec setsid -w "$RUN_NODE" ${agent} 4<&-); exit 0`,
      {
        environment: { PATH: process.env.PATH, RUN_NODE: process.execPath, AWS_REGION: "eu-west-1" },
        openFilesMax: 200,
      },
    );
    expect(await end()).toEqual({ kind: "done" });
    expect(log.wrote("stderr")).toEqual([]);
    const found = log.wrote("stdout").map((line) => JSON.parse(String(line)));
    expect(found).toEqual(
      Array(3).fill({
        accessKeyId: "KEY-m-1-1",
        secretAccessKey: "SECRET-m-1-1",
        sessionToken: `${TOKEN}-m-1-1`,
        expiration: expect.any(String),
        region: "eu-west-1",
      }),
    );
  }, 30_000);

  test("finds others in the same place before they end", async () => {
    const { end, log, role } = await program(`
      first=$(cat /proc/$$/fd/4)
      while [ "$(cat /proc/$$/fd/4)" = "$first" ]; do sleep 0.05; done
      cat /proc/$$/fd/4 | tail -n +1 | head -n 1; /bin/sh "$QUEUEHAND_WORK_DIR/aws-credentials" $$`);
    role.goodMs = 4_000;
    const ended = end();
    await eventually(
      async () => role.asked.length,
      (asked) => asked === 1,
    );
    role.goodMs = HOUR_MS;
    expect(await ended).toEqual({ kind: "done" });
    const read = log.wrote("stdout").map((line) => JSON.parse(String(line)));
    expect(read).toEqual([EXPECTED("m-1-2"), EXPECTED("m-1-2")]);
    expect(role.asked).toEqual(["m-1", "m-1"]);
  }, 30_000);

  test("keeps those that it has when others can't be had, and that is logged", async () => {
    const done = join(folder, "done");
    const { end, log, role } = await program(`while [ ! -e ${done} ]; do sleep 0.05; done; cat /proc/$$/fd/4`);
    role.goodMs = 4_000;
    const ended = end();
    await eventually(
      async () => role.asked.length,
      (asked) => asked === 1,
    );
    role.fault = new Error("STS is down");
    await eventually(
      async () => log.entries.length,
      (lines) => lines > 0,
    );
    await writeFile(done, "");
    expect(await ended).toEqual({ kind: "done" });
    expect(log.entries[0]).toMatchObject({ level: "warn", fields: { error: "STS is down" } });
    expect(JSON.parse(String(log.wrote("stdout")[0]))).toEqual(EXPECTED("m-1-1"));
  }, 30_000);

  test("isn't started when the role can't be assumed: its message is deferred, and nothing is left", async () => {
    const { end, role } = await program(`touch ${folder}/started; dirname "$QUEUEHAND_WORK_DIR" >${folder}/root`);
    expect(await end()).toEqual({ kind: "done" });
    const root = (await readFile(join(folder, "root"), "utf8")).trim();
    await rm(join(folder, "started"));
    role.fault = new Error("sts:AssumeRole of arn:aws:iam::1:role/x: AccessDenied: no");
    expect(await end()).toEqual({
      kind: "defer",
      reason: "no credentials for the agent: sts:AssumeRole of arn:aws:iam::1:role/x: AccessDenied: no",
    });
    expect(existsSync(join(folder, "started"))).toBe(false);
    await eventually(
      () => readdir(root),
      (left) => left.length === 0,
    );
  });

  test("finds no other run's by any path in the work folders", async () => {
    const go = join(folder, "go");
    const { end, log } = await program(
      `while [ ! -e ${go} ]; do sleep 0.02; done; grep -rl SECRET- "$(dirname "$QUEUEHAND_WORK_DIR")" || echo none`,
    );
    const ended = [end("m-1"), end("m-2"), end("m-3")];
    await writeFile(go, "");
    await Promise.all(ended);
    expect(log.wrote("stdout")).toEqual(["none", "none", "none"]);
  });

  test("leaves no descriptor and no folder behind, after a hundred runs", async () => {
    const { end, log } = await program('echo "$QUEUEHAND_WORK_DIR"');
    await end();
    const root = dirname(String(log.wrote("stdout")[0]));
    const descriptors = async () => (await readdir("/proc/self/fd")).length;
    const before = await descriptors();
    for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 10 }, () => end()));
    expect(await readdir(root)).toEqual([]);
    expect(await descriptors()).toBe(before);
  }, 30_000);
});
