import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { containerSuite } from "../support/container-suite.js";
import { DeadLetterBundle } from "../support/dead-letter-bundle.js";
import { KeyedRunBundle } from "../support/keyed-run-bundle.js";

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
  let bundle: KeyedRunBundle;
  let worker: RunningCommand | undefined;

  beforeAll(async () => {
    bundle = await KeyedRunBundle.start(AGENT);
  }, 120_000);
  afterEach(killCommands);
  afterAll(() => bundle?.stop());

  interface Demand {
    readonly order: string;
    readonly key: string;
    readonly fence: number;
  }
  async function demands(): Promise<Demand[]> {
    return (await bundle.lines("demands.jsonl")).map((line) => JSON.parse(line));
  }

  test("duplicates, kills before and after the charge, a mended dead letter: one charge each", async () => {
    const queues = await DeadLetterBundle.create(bundle.sqs, "orders", { maxReceiveCount: 5 });
    const options = bundle.options(queues.queueUrl);
    const send = (body: object) => bundle.send(queues.queueUrl, body);
    const untilEmpty = async () => {
      while ((await queues.count(queues.queueUrl)) > 0) {
        if (!worker) {
          // A killed task is replaced.
          const started = new RunningCommand(["run"], options);
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
    const { stdout } = await command(["dlq", "redrive", "--edit", edit, "--json"], options);
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
    const queues = await DeadLetterBundle.create(bundle.sqs, "unguarded");
    const options = bundle.options(queues.queueUrl, { IDEMPOTENCY_TABLE: "nobody-made-this" });
    const { code, stderr } = await command(["run"], options);
    expect([code, stderr]).toEqual([78, expect.stringContaining("in the idempotency table nobody-made-this")]);
  }, 60_000);
});
