import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { containerSuite } from "../support/container-suite.js";
import { DeadLetterBundle } from "../support/dead-letter-bundle.js";
import { DynamoDbServer } from "../support/dynamodb.js";

/** Charges a card: writes the demand down, and dies of its own hand where an order says so, once. */
const AGENT = `
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

class Reject extends Error {
  name = "Reject";
}
export default async function charge({ body }, { idempotency }) {
  const die = (when) => {
    const mark = \`died-\${body.order}\`;
    if (body.die !== when || existsSync(mark)) return;
    writeFileSync(mark, "");
    process.kill(process.pid, "SIGKILL");
  };
  if (body.version === 1) throw new Reject("version 1 is no longer known");
  await sleep(100);
  die("before");
  appendFileSync("demands.jsonl", \`\${JSON.stringify({ order: body.order, ...idempotency })}\\n\`);
  die("after");
}
`;

containerSuite("charging cards on SQS and DynamoDB in a container", () => {
  let server: DynamoDbServer;
  let sqs: SQSClient;
  let folder: string;
  let worker: RunningCommand | undefined;

  beforeAll(async () => {
    server = await DynamoDbServer.start();
    await server.createTable("keys");
    sqs = new SQSClient({
      endpoint: server.endpoint,
      useQueueUrlAsEndpoint: false,
      region: "us-east-1",
      credentials: server.credentials,
    });
    folder = await mkdtemp(join(tmpdir(), "queuehand-charges-"));
    await writeFile(join(folder, "agent.mjs"), AGENT);
  }, 120_000);
  afterEach(killCommands);
  afterAll(async () => {
    sqs.destroy();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  interface Demand {
    readonly order: string;
    readonly key: string;
    readonly fence: number;
  }
  async function demands(): Promise<Demand[]> {
    const text = await readFile(join(folder, "demands.jsonl"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  test("duplicates, kills before and after the charge, a mended dead letter: one charge each", async () => {
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
      VISIBILITY_TIMEOUT: "15",
      POLL_INTERVAL_SECONDS: "1",
      CONCURRENCY: "1",
      HTTP_PORT: "off",
      METRICS: "off",
    };
    const send = (body: object) =>
      sqs.send(new SendMessageCommand({ QueueUrl: queues.queueUrl, MessageBody: JSON.stringify(body) }));
    const untilEmpty = async () => {
      while ((await queues.count(queues.queueUrl)) > 0) {
        if (!worker) {
          // A killed task is replaced.
          const started = new RunningCommand(["run"], { cwd: folder, env });
          worker = started;
          void started.exited.then(() => {
            if (worker === started) worker = undefined;
          });
        }
        await sleep(200);
      }
    };

    const orders = [
      { order: "plain" },
      { order: "dies-before", die: "before" },
      { order: "dies-after", die: "after" },
      { order: "mended", version: 1 },
    ];
    for (const order of orders) await send(order);
    for (const order of orders.slice(0, 3)) await send(order);
    await untilEmpty();
    const count = (all: readonly Demand[], order: string) => all.filter((demand) => demand.order === order).length;
    let all = await demands();
    // Only a death between charge and record makes a second demand: by its key and fence the card service knows it.
    expect(orders.map(({ order }) => [order, count(all, order)])).toEqual([
      ["plain", 1],
      ["dies-before", 1],
      ["dies-after", 2],
      ["mended", 0],
    ]);
    expect(all.find(({ order }) => order === "dies-before")).toMatchObject({ key: "dies-before", fence: 2 });
    expect(all.filter(({ order }) => order === "dies-after").map(({ key, fence }) => [key, fence])).toEqual([
      ["dies-after", 1],
      ["dies-after", 2],
    ]);

    // The dead letter is mended and sent back; by mistake, all orders are sent again.
    const edit = `node -e "process.stdout.write(JSON.stringify({...JSON.parse(require('fs').readFileSync(0,'utf8')),version:2}))"`;
    const { stdout } = await command(["dlq", "redrive", "--edit", edit, "--json"], { cwd: folder, env });
    expect(JSON.parse(stdout)).toMatchObject({ redriven: 1, edited: 1, complete: true });
    for (const order of orders.slice(0, 3)) await send(order);
    await untilEmpty();
    all = await demands();
    expect(orders.map(({ order }) => count(all, order))).toEqual([1, 1, 2, 1]);
    expect(new Set(all.map(({ key }) => key)).size).toBe(orders.length);

    // The same key with another amount is no repetition.
    await send({ order: "plain", cents: 999 });
    await untilEmpty();
    expect(await queues.count(queues.deadLetterQueueUrl)).toBe(1);
    expect(count(await demands(), "plain")).toBe(1);

    const stopping = worker!;
    stopping.kill("SIGTERM");
    expect(await stopping.exited).toBe(0);
  }, 180_000);

  test("a table that isn't there stops the start with exit code 78", async () => {
    const queues = await DeadLetterBundle.create(sqs, "unguarded");
    const { code, stderr } = await command(["run"], {
      cwd: folder,
      env: {
        AWS_ENDPOINT_URL: server.endpoint,
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        SQS_QUEUE_URL: queues.queueUrl,
        HANDLER: "./agent.mjs",
        IDEMPOTENCY_TABLE: "nobody-made-this",
        HTTP_PORT: "off",
        METRICS: "off",
      },
    });
    expect([code, stderr]).toEqual([78, expect.stringContaining("in the idempotency table nobody-made-this")]);
  }, 60_000);
});
