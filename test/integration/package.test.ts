import { type ExecFileException, execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { QueueServer } from "../support/fauxqs-server.js";

const exec = promisify(execFile);
const ROOT = process.cwd();
const BIN = join(ROOT, "node_modules", ".bin");

/** What a stranger writes: every verb, a typed agent, and a worker that ends after its message. */
const PROGRAM = `
import { type Agent, type Config, createWorker, Defer, defineHandler, loadConfig, Reject, Retry, type Worker } from "queuehand";

interface Task { readonly task_id: string }

const config: Config = loadConfig(process.env);
const agent = defineHandler({
  decode: (raw): Task => JSON.parse(raw),
  async handle({ body, receiveCount, attributes }, { signal, log, deadline, extend, progress }) {
    const id: string = body.task_id;
    // @ts-expect-error: a body has its own type, not any
    body.nothing;
    if (id === "reject") throw new Reject("never");
    if (id === "retry") throw new Retry(5);
    if (id === "defer") throw new Defer(5, "later");
    extend(30);
    progress([receiveCount, Object.keys(attributes).length, deadline > Date.now(), signal.aborted].join(" "));
    log.info({ id }, "seen");
    setTimeout(() => worker.stop("the test has seen enough"), 0);
  },
});
const anyAgent: Agent = agent;
const worker: Worker = createWorker(anyAgent, config);
const { exitCode, summary } = await worker.run();
console.log(JSON.stringify({ exitCode, summary }));
process.exit(exitCode);
`;

const TYPESCRIPT = {
  compilerOptions: {
    target: "es2023",
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    typeRoots: [join(ROOT, "node_modules", "@types")],
    types: ["node"],
  },
  include: ["program.ts"],
};

describe("the package in a stranger's project", () => {
  let project: string;
  let server: QueueServer;

  /** Runs a program there; rejects with what it printed. */
  async function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    try {
      const { PATH, HOME } = process.env;
      const options = { cwd: project, env: { ...process.env, PATH: `${BIN}:${PATH}`, HOME, ...env } };
      return (await exec(program, [...args], options)).stdout;
    } catch (error) {
      const { message, stdout, stderr } = error as ExecFileException;
      throw new Error(`${message}\n${stdout}\n${stderr}`, { cause: error });
    }
  }

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), "queuehand-package-"));
    server = await QueueServer.start();
    await exec("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", project], { cwd: ROOT });
    const [tarball] = await readdir(project);
    await writeFile(join(project, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
    await writeFile(join(project, "tsconfig.json"), JSON.stringify(TYPESCRIPT));
    await writeFile(join(project, "program.ts"), PROGRAM);
    await run("npm", ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", `./${tarball}`]);
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await rm(project, { recursive: true, force: true });
  });

  test("brings its production dependencies and none of its development's", async () => {
    const packages = await readdir(join(project, "node_modules"));
    expect(packages).toEqual(expect.arrayContaining(["queuehand", "p-limit", "pino"]));
    for (const name of ["fauxqs", "jest", "typescript", "queuehand-dev-node"]) {
      expect(packages).not.toContain(name);
    }
    expect(await readdir(join(project, "node_modules", "queuehand"))).toEqual(
      expect.arrayContaining(["dist", "examples", "infra", "package.json"]),
    );
    expect(await readdir(join(project, "node_modules", "queuehand", "infra"))).toContain("scaling.yaml");
    expect(await readdir(join(project, "node_modules", "queuehand"))).not.toContain("src");
  });

  test("is imported with its types, under the strictest settings, and runs an agent", async () => {
    await run("tsc", ["-p", "."]);
    const SQS_QUEUE_URL = await server.queue("stranger");
    await server.client.send(new SendMessageCommand({ QueueUrl: SQS_QUEUE_URL, MessageBody: '{"task_id":"42"}' }));
    const output = await run("node", ["program.js"], {
      ...server.env,
      SQS_QUEUE_URL,
      HANDLER: "./unused.mjs",
      HTTP_PORT: "off",
      METRICS: "off",
      POLL_INTERVAL_SECONDS: "1",
    });
    const lines = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.find(({ msg }) => msg === "seen")).toMatchObject({ id: "42" });
    expect(lines.find((line) => "exitCode" in line)).toMatchObject({ exitCode: 0, summary: { handled: 1 } });
    expect(await server.messages(SQS_QUEUE_URL)).toEqual([]);
  });

  test("brings the command, which finds an agent in that project", async () => {
    expect(await run("npx", ["--no-install", "queuehand", "--version"])).toMatch(/^\d+\.\d+\.\d+\n$/);
    await mkdir(join(project, "agents"));
    await writeFile(
      join(project, "agents", "agent.mjs"),
      'import { Reject } from "queuehand";\nexport default () => { throw new Reject("no"); };\n',
    );
    const settings = JSON.parse(
      await run("npx", ["--no-install", "queuehand", "config", "--json"], {
        SQS_QUEUE_URL: "http://127.0.0.1:1/000000000000/tasks",
        HANDLER: "./agents/agent.mjs",
      }),
    );
    expect(JSON.stringify(settings)).toContain("./agents/agent.mjs");
  });
});
