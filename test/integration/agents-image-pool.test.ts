import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { workerImage } from "../support/image.js";
import { imageSuite } from "../support/image-suite.js";
import { EMPTY } from "../support/localstack.js";

const exec = promisify(execFile);
const IMAGE = "queuehand-pool:test";

const BAD = ["crash", "exit", "hang", "hoard"];
const AGENT = `
  const hoard = [];
  export default async ({ body: { does } }) => {
    switch (does) {
      case "crash": process.abort();
      case "exit": process.exit(0);
      case "hang": for (;;);
      case "hoard": for (;;) hoard.push(Buffer.alloc(8 << 20, 1));
    }
  };
`;

imageSuite("a module in processes, in an image made FROM queuehand", (bundle) => {
  let context: string;

  beforeAll(async () => {
    context = await mkdtemp(join(tmpdir(), "queuehand-image-"));
    await writeFile(join(context, "agent.mjs"), AGENT);
    await writeFile(join(context, "Dockerfile"), `FROM ${await workerImage()}\nCOPY agent.mjs ./agent.mjs\n`);
    await exec("docker", ["build", "-q", "-t", IMAGE, context]);
  }, 240_000);
  afterAll(() => rm(context, { recursive: true }));

  /** Runs a worker until its queue is empty, and says how its messages ended. */
  async function settledBy(isolation: string) {
    const queue = await bundle.localStack.createQueues(isolation);
    for (const does of [...BAD, ...Array.from({ length: 40 }, () => "work")]) {
      await bundle.localStack.sqs.send(
        new SendMessageCommand({ QueueUrl: queue.url, MessageBody: JSON.stringify({ does }) }),
      );
    }
    const worker = await bundle.startWorker(
      queue,
      {
        HANDLER: "./agent.mjs",
        ISOLATION: isolation,
        CONCURRENCY: "4",
        HANDLER_TIMEOUT_SECONDS: "2",
        AGENT_MEMORY_MB: "256",
        RETRY_BACKOFF_SECONDS: "1,1",
        LOG_LEVEL: "debug",
      },
      { image: IMAGE },
    );
    await bundle.localStack.countsBecome(queue.url, EMPTY);
    expect(await bundle.localStack.counts(queue.deadLetterUrl)).toEqual({ ...EMPTY, visible: BAD.length });
    await worker.signal("SIGTERM");
    expect(await worker.end()).toMatchObject({ exitCode: 0 });
    return worker.lines.where(({ fields }) => fields.msg === "message settled").map(({ fields }) => fields);
  }

  test("a crash, an exit, an endless loop and a hoard cost their own attempts and no other's", async () => {
    const runs = await Promise.all(["process", "process-per-message"].map(settledBy));
    for (const settled of runs) {
      expect(settled.filter(({ outcome }) => outcome === "done")).toHaveLength(40);
      const failures = JSON.stringify(settled.filter(({ outcome }) => outcome !== "done"));
      for (const cause of ["SIGABRT", "exit code 0", "longer than 2 s", "more memory than 256 MiB"]) {
        expect(failures).toContain(cause);
      }
    }
  }, 180_000);
});
