import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "@jest/globals";
import { containerSuite } from "../support/container-suite.js";
import { workerImage } from "../support/image.js";
import { workersOfTests } from "../support/image-suite.js";
import { reaching } from "../support/run-settings.js";

const exec = promisify(execFile);

/** Settings that are right, for a queue that nobody serves: a start needs no server to be told to stop. */
const RIGHT = {
  SQS_QUEUE_URL: "http://127.0.0.1:9/000000000000/nobody",
  ...reaching("http://127.0.0.1:9"),
  HANDLER: "./examples/task-agent.mjs",
  METRICS: "off",
};

/** A signal ends a start in a second; an engine that builds and starts other containers may need more for its answer. */
const ENDED_WITHIN_MS = 90_000;

containerSuite("the start of the worker's image", () => {
  beforeAll(async () => {
    await workerImage();
  }, 400_000);
  const start = workersOfTests();

  test("tells every fault of the settings at once and ends with 78", async () => {
    const worker = await start({
      CONCURRENCY: "0",
      POLL_INTERVAL_SECONDS: "25",
      VISIBILITY_TIMEOUTS: "60",
      METRICS: "prometheus",
    });
    expect(await worker.end()).toMatchObject({ exitCode: 78 });
    const text = worker.lines.toString();
    for (const name of ["SQS_QUEUE_URL", "HANDLER", "CONCURRENCY", "POLL_INTERVAL_SECONDS", "METRICS"]) {
      expect(text).toContain(`${name} `);
    }
    expect(text).toContain("did you mean VISIBILITY_TIMEOUT?");
    expect(text).toContain('between 0 and 20, got "25"');
  });

  test.each([
    ["is missing", { HANDLER: "./nowhere.mjs" }, /nowhere\.mjs/],
    ["has no default export", { HANDLER: "./healthcheck.mjs", HTTP_PORT: "off" }, /default export/],
  ])("names an agent file that %s and ends with 78", async (_, environment, named) => {
    const worker = await start({ ...RIGHT, ...environment });
    expect(await worker.end()).toMatchObject({ exitCode: 78 });
    expect(worker.lines.toString()).toMatch(named);
  });

  test("runs other commands than `run` when asked for them", async () => {
    const worker = await start({}, { command: ["--version"] });
    expect(await worker.end()).toMatchObject({ exitCode: 0 });
    expect(worker.lines.toString()).toMatch(/^\d+\.\d+\.\d+$/m);
  });

  test("carries what it runs and nothing else: no compiler, no test code, 60 MB at most", async () => {
    const run = async (script: string) => {
      const { stdout } = await exec("docker", ["run", "--rm", "--entrypoint=sh", await workerImage(), "-c", script]);
      return stdout.trim().split("\n").filter(Boolean);
    };
    const entries = await run("ls /app");
    expect(entries.filter((name) => name !== "LICENSE")).toEqual([
      "agent",
      "compiled",
      "dist",
      "examples",
      "healthcheck.mjs",
      "infra",
      "native",
      "node_modules",
      "package.json",
    ]);
    expect(
      await run("ls -d /app/node_modules/typescript /app/node_modules/*jest* /app/node_modules/fauxqs 2>&-; true"),
    ).toEqual([]);
    expect(
      await run(
        "find /app -path /app/examples -prune -o \\( -name '*.ts' -o -name '*.test.js' -o -name '*.map' \\) -print",
      ),
    ).toEqual([]);
    const [kilobytes] = await run("du -sk /app | cut -f1");
    expect(Number(kilobytes)).toBeLessThan(60_000);
  });

  test("starts from what Node compiled when it was made, which no agent can write", async () => {
    const docker = (...words: string[]) => exec("docker", ["run", "--rm", ...words], { maxBuffer: 10_000_000 });
    const told = ["--read-only", "-e", "NODE_DEBUG_NATIVE=COMPILE_CACHE"];
    const { stdout, stderr } = await docker(...told, await workerImage(), "--version");
    expect(`${stdout}${stderr}`).toMatch(/file:\/\/\/app\/dist\/chunks\/run-\S+ was accepted/);
    const script = "find /app/compiled -type f | wc -l; find /app/compiled -writable | wc -l";
    const found = await docker("--entrypoint=sh", await workerImage(), "-c", script);
    const [files, writable] = found.stdout.trim().split("\n").map(Number);
    expect(files).toBeGreaterThan(5);
    expect(writable).toBe(0);
  });

  test("says what it is", async () => {
    const { stdout } = await exec("docker", ["image", "inspect", "-f", "{{json .Config}}", await workerImage()]);
    const { Labels, Entrypoint, Cmd, User, Healthcheck } = JSON.parse(stdout);
    expect(Labels).toMatchObject({
      "org.opencontainers.image.title": "queuehand",
      "org.opencontainers.image.licenses": "Apache-2.0",
    });
    expect([...Entrypoint, ...Cmd].join(" ")).toMatch(/ node \/app\/dist\/cli\.js run$/);
    expect(User).toBe("node");
    expect(Healthcheck.Test[0]).toBe("CMD");
  });

  // Before its first line of JavaScript the worker has received nothing, and the signal ends it as it ends any program.
  test.each([0, 30, 60, 100, 150, 250, 400])(
    "ends within its budget when SIGTERM comes %d ms after the start",
    async (delayMs) => {
      const environment = Object.entries({ ...RIGHT, POLL_INTERVAL_SECONDS: "1" }).flatMap(([name, value]) => [
        "-e",
        `${name}=${value}`,
      ]);
      const { stdout } = await exec("docker", [
        "run",
        "-d",
        "--read-only",
        "--cap-drop=ALL",
        ...environment,
        await workerImage(),
      ]);
      const id = stdout.trim();
      try {
        await sleep(delayMs);
        await exec("docker", ["kill", "--signal=SIGTERM", id]);
        const ended = exec("docker", ["wait", id], { timeout: ENDED_WITHIN_MS });
        const { stdout: exitCode } = await ended.catch(async () => {
          const { stdout: state } = await exec("docker", ["inspect", "-f", "{{json .State}}", id]);
          const { stdout: log } = await exec("docker", ["logs", id]);
          throw new Error(`it has not ended: ${state}\n${log}`);
        });
        expect(["0", "143"]).toContain(exitCode.trim());
      } finally {
        await exec("docker", ["rm", "-f", id]);
      }
    },
  );
});
