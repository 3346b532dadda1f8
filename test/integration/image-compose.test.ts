import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { containerSuite } from "../support/container-suite.js";

const exec = promisify(execFile);
const OUTPUT_MAX = 50_000_000;
/** The published ports may be in use here: LocalStack has none, the worker any. */
const OTHER_PORTS = `services:
  localstack:
    ports: !reset []
  worker:
    ports: !override ["127.0.0.1::8080"]
`;

containerSuite("docker compose up", () => {
  const project = `queuehand-${randomUUID().slice(0, 8)}`;
  let folder: string;

  async function compose(...args: string[]): Promise<string> {
    const files = ["-f", "docker-compose.yml", "-f", join(folder, "other-ports.yml")];
    const { stdout } = await exec("docker", ["compose", "-p", project, ...files, ...args], { maxBuffer: OUTPUT_MAX });
    return stdout;
  }

  async function logged(service: string, wanted: RegExp, timeoutMs = 60_000): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      const log = await compose("logs", "--no-log-prefix", service);
      if (wanted.test(log)) return;
      if (performance.now() - startedAt > timeoutMs) throw new Error(`${service} never said ${wanted}:\n${log}`);
      await sleep(500);
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "queuehand-compose-"));
    await writeFile(join(folder, "other-ports.yml"), OTHER_PORTS);
    await compose("up", "--detach", "--build");
  }, 300_000);
  afterAll(async () => {
    await compose("down", "--timeout", "2", "--volumes");
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  test("shows agents at work on what the producer sends, and a failing one tried again", async () => {
    await logged("worker", /"taskId":"3".*"task done"/);
    await logged("worker", /error_trigger/);
  });

  test("has the worker's page on this machine's loopback, and LocalStack's log left out of what is shown", async () => {
    const address = (await compose("port", "worker", "8080")).trim();
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    const page = await fetch(`http://${address}/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<title>")]);
    const { services } = JSON.parse(await compose("config", "--format", "json"));
    expect(services.localstack.attach).toBe(false);
  });

  test("takes a message of one's own", async () => {
    await compose("exec", "worker", "node", "dist/cli.js", "send", '{"task_id":"mine","data":{"work_ms":10}}');
    await logged("worker", /"taskId":"mine".*"task done"/);
  });

  test("has the worker drained, clean, when it is stopped", async () => {
    await compose("stop", "producer", "worker");
    const states = await compose("ps", "--all", "--format", "{{.Service}} {{.ExitCode}}", "worker", "queues");
    expect(states.trim().split("\n").sort()).toEqual(["queues 0", "worker 0"]);
  });
});
