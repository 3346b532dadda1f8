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
/** The published port may be in use here. */
const WITHOUT_PORTS = "services:\n  localstack:\n    ports: !reset []\n";

containerSuite("docker compose up", () => {
  const project = `queuehand-${randomUUID().slice(0, 8)}`;
  let folder: string;

  async function compose(...args: string[]): Promise<string> {
    const files = ["-f", "docker-compose.yml", "-f", join(folder, "without-ports.yml")];
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
    await writeFile(join(folder, "without-ports.yml"), WITHOUT_PORTS);
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
