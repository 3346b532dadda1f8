import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { eventually } from "../support/eventually.js";
import { RunBundle } from "../support/run-bundle.js";

/** The shortest visibility timeout that there is; the agent blocks for longer. */
const VISIBILITY_TIMEOUT_SECONDS = 15;
const BLOCKED_SECONDS = 22;

const AGENT = `
  export default ({ raw }, { log }) => {
    log.info("began " + raw);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${BLOCKED_SECONDS * 1000});
    log.info("ended " + raw);
  };`;

describe("an agent that blocks the event loop for longer than the visibility timeout", () => {
  test("keeps its message: it runs once, with a second worker waiting for it, and is deleted", async () => {
    await using bundle = await RunBundle.start({ agent: AGENT });
    const workers = [1, 2].map(() => bundle.run({ VISIBILITY_TIMEOUT: String(VISIBILITY_TIMEOUT_SECONDS) }));
    bundle.send("x");
    await Promise.any(workers.map((worker) => worker.says(/began x/)));
    await Promise.any(workers.map((worker) => worker.says(/ended x/)));
    for (const worker of workers) worker.kill("SIGTERM");
    expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual([0, 0]);
    const said = workers.map(({ stdout }) => stdout).join("");
    expect(said.match(/began x/g)).toHaveLength(1);
    expect(bundle.left).toBe(0);
  }, 90_000);

  test("keeps it too where the first poll brings it at once, and nothing else has begun", async () => {
    await using bundle = await RunBundle.start({ agent: AGENT });
    await using server = await QuickServer.start(2);
    const workers = [1, 2].map(() =>
      bundle.run({
        VISIBILITY_TIMEOUT: String(VISIBILITY_TIMEOUT_SECONDS),
        SQS_QUEUE_URL: server.url,
        CONCURRENCY: "2",
        METRICS: "emf",
        HTTP_PORT: "0",
        AWS_ENDPOINT_URL: new URL(server.url).origin,
      }),
    );
    const { receives } = await eventually(
      () => server.stats(),
      ({ deleted }) => deleted === 2,
      100_000,
    );
    expect(receives).toBe(2);
    for (const worker of workers) worker.kill("SIGTERM");
    expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual([0, 0]);
  }, 150_000);
});

/** The bench's queue, in a process of its own: it answers before a worker has had a moment for anything else. */
class QuickServer {
  static async start(messages: number): Promise<QuickServer> {
    const child = spawn(process.execPath, ["bench/server.mjs"], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout!.setEncoding("utf8"), "data")) as [string];
    const server = new QuickServer(child, line.trim());
    const visibilitySeconds = VISIBILITY_TIMEOUT_SECONDS;
    const body = JSON.stringify({ mode: "queue", seed: messages, visibilitySeconds });
    await fetch(new URL("/reset", server.url), { method: "POST", body });
    return server;
  }

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  async stats(): Promise<{ readonly deleted: number; readonly receives: number }> {
    return (await fetch(new URL("/stats", this.url))).json() as Promise<never>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }
}
