import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { killCommands, RunningCommand } from "../support/command.js";
import { QueueServer } from "../support/fauxqs-server.js";

/** The shortest visibility timeout that there is; the agent blocks for longer. */
const VISIBILITY_TIMEOUT_SECONDS = 15;
const BLOCKED_SECONDS = 22;

const AGENT = `
  export default ({ raw }, { log }) => {
    log.info("began " + raw);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${BLOCKED_SECONDS * 1000});
    log.info("ended " + raw);
  };`;

let server: QueueServer;
let folder: string;

beforeAll(async () => {
  server = await QueueServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-blocking-"));
  await writeFile(join(folder, "agent.mjs"), AGENT);
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true });
});

describe("an agent that blocks the event loop for longer than the visibility timeout", () => {
  test("keeps its message: it runs once, with a second worker waiting for it, and is deleted", async () => {
    const queueUrl = await server.queue("blocked");
    const env = {
      ...server.env,
      SQS_QUEUE_URL: queueUrl,
      HANDLER: "./agent.mjs",
      METRICS: "off",
      HTTP_PORT: "off",
      POLL_INTERVAL_SECONDS: "1",
      VISIBILITY_TIMEOUT: String(VISIBILITY_TIMEOUT_SECONDS),
    };
    const workers = [1, 2].map(() => new RunningCommand(["run"], { cwd: folder, env }));
    server.server.sendMessage("blocked", "x");
    await Promise.any(workers.map((worker) => worker.says(/began x/)));
    await Promise.any(workers.map((worker) => worker.says(/ended x/)));
    for (const worker of workers) worker.kill("SIGTERM");
    expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual([0, 0]);
    const said = workers.map(({ stdout }) => stdout).join("");
    expect(said.match(/began x/g)).toHaveLength(1);
    const { ready, inflight } = server.server.inspectQueue("blocked")!.messages;
    expect([ready.length, inflight.length]).toEqual([0, 0]);
  }, 90_000);
});
