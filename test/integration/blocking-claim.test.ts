import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { killCommands, RunningCommand } from "../support/command.js";
import { containerSuite } from "../support/container-suite.js";
import { DeadLetterBundle } from "../support/dead-letter-bundle.js";
import { DynamoDbServer } from "../support/dynamodb.js";
import { eventually } from "../support/eventually.js";

/** The shortest visibility timeout that there is; the agent blocks for longer than it and the clocks' two seconds. */
const VISIBILITY_TIMEOUT_SECONDS = 15;
const BLOCKED_SECONDS = 22;
/** A poll that was open when the agent began has ended by then. */
const POLLS_ENDED_MS = 3_000;

/** Writes the charge down at once: what it logs is written only when the event loop turns again. */
const AGENT = `
  import { appendFileSync } from "node:fs";
  export default (_, { idempotency: { key, fence } }) => {
    appendFileSync("charges", key + " with fence " + fence + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${BLOCKED_SECONDS * 1000});
  };`;

containerSuite("an agent that blocks the event loop for longer than its claim's lease", () => {
  let server: DynamoDbServer;
  let sqs: SQSClient;
  let folder: string;

  beforeAll(async () => {
    server = await DynamoDbServer.start();
    await server.createTable("keys");
    sqs = new SQSClient({
      endpoint: server.endpoint,
      useQueueUrlAsEndpoint: false,
      region: "us-east-1",
      credentials: server.credentials,
    });
    folder = await mkdtemp(join(tmpdir(), "queuehand-blocking-claim-"));
    await writeFile(join(folder, "agent.mjs"), AGENT);
  }, 120_000);
  afterEach(killCommands);
  afterAll(async () => {
    sqs.destroy();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  test("keeps its key: a duplicate at a second worker waits for it, and there is one charge, with fence 1", async () => {
    const queues = await DeadLetterBundle.create(sqs, "orders", { maxReceiveCount: 5 });
    const env = {
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      SQS_QUEUE_URL: queues.queueUrl,
      HANDLER: "./agent.mjs",
      IDEMPOTENCY_TABLE: "keys",
      IDEMPOTENCY_KEY: "body:/order",
      VISIBILITY_TIMEOUT: String(VISIBILITY_TIMEOUT_SECONDS),
      POLL_INTERVAL_SECONDS: "1",
      CONCURRENCY: "1",
      HTTP_PORT: "off",
      METRICS: "off",
      LOG_LEVEL: "debug",
    };
    const send = () =>
      sqs.send(new SendMessageCommand({ QueueUrl: queues.queueUrl, MessageBody: JSON.stringify({ order: "o-1" }) }));
    await send();
    const first = new RunningCommand(["run"], { cwd: folder, env });
    const charges = () => readFile(join(folder, "charges"), "utf8").catch(() => "");
    await eventually(charges, (text) => text !== "");
    await sleep(POLLS_ENDED_MS);
    await send();
    const second = new RunningCommand(["run"], { cwd: folder, env });
    await second.says(/another run holds the message's key/);
    await eventually(
      () => queues.count(queues.queueUrl),
      (count) => count === 0,
      40_000,
    );
    for (const worker of [first, second]) worker.kill("SIGTERM");
    expect(await Promise.all([first.exited, second.exited])).toEqual([0, 0]);
    expect(await charges()).toBe("o-1 with fence 1\n");
    const { Item } = await server.client.send(
      new GetItemCommand({ TableName: "keys", Key: { id: { S: "orders/o-1" } } }),
    );
    expect(Item).toMatchObject({ state: { S: "finished" }, fence: { N: "1" } });
  }, 150_000);
});
