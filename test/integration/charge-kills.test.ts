import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { containerSuite } from "../support/container-suite.js";
import { DeadLetterBundle } from "../support/dead-letter-bundle.js";
import { KeyedRunBundle } from "../support/keyed-run-bundle.js";
import { type Step, StepProxy } from "../support/step-proxy.js";

/** Where a worker is killed, once for each order, in the order of a delivery's steps; and what that comes to. */
const KILLS = {
  "when the message left the queue": { demands: 1, fence: 1 },
  "before the claim": { demands: 1, fence: 1 },
  "when the claim was written": { demands: 1, fence: 2 },
  "before the charge": { demands: 1, fence: 2 },
  // Nobody knows of these: by the key and the fence the card service does.
  "after the charge": { demands: 2, fence: 2 },
  "before the record": { demands: 2, fence: 2 },
  "when the record was written": { demands: 1, fence: 1 },
  "before the delete": { demands: 1, fence: 1 },
  "when the message was deleted": { demands: 1, fence: 1 },
} as const;
type Kill = keyof typeof KILLS;
const ORDERS = Object.keys(KILLS) as Kill[];

const AGENT = `
import { appendFileSync, existsSync } from "node:fs";
export default async function charge({ body }, { idempotency }) {
  const die = (when) => {
    if (body.order !== when || existsSync(body.order)) return;
    appendFileSync(body.order, "");
    process.kill(process.pid, "SIGKILL");
  };
  die("before the charge");
  appendFileSync("demands.jsonl", \`\${JSON.stringify(idempotency)}\\n\`);
  die("after the charge");
}
`;

containerSuite("a worker that charges cards, on SQS and DynamoDB in a container", () => {
  let bundle: KeyedRunBundle;
  let worker: RunningCommand | undefined;
  let proxy: StepProxy;

  beforeAll(async () => {
    bundle = await KeyedRunBundle.start(AGENT);
  }, 120_000);
  afterEach(killCommands);
  afterAll(async () => {
    await proxy?.close();
    await bundle?.stop();
  });

  test("is killed between every two steps of a delivery: one charge each, and what was recorded isn't run again", async () => {
    const killed: Kill[] = [];
    const orderOf = new Map<string, string>();
    /** Kills the worker at an order's step, once; true: it is dead. */
    const killAt = (kill: Kill, order: unknown): boolean => {
      if (order !== kill || killed.includes(kill)) return false;
      killed.push(kill);
      worker?.kill("SIGKILL");
      return true;
    };
    const onStep = async ({ operation, phase, input, answer }: Step): Promise<boolean> => {
      const dying = await stepKills(operation, phase, input, answer);
      // What a killed process has sent may still arrive; what it is sent reaches nobody.
      if (dying) await worker?.exited;
      return dying;
    };
    const stepKills = async (
      operation: string,
      phase: Step["phase"],
      input: Step["input"],
      answer: Step["answer"],
    ): Promise<boolean> => {
      switch (operation) {
        case "ReceiveMessage": {
          const messages = (answer?.Messages ?? []) as { Body: string; ReceiptHandle: string }[];
          for (const { Body, ReceiptHandle } of messages) orderOf.set(ReceiptHandle, JSON.parse(Body).order);
          return messages.some(({ Body }) => killAt("when the message left the queue", JSON.parse(Body).order));
        }
        case "UpdateItem": {
          const { Key, UpdateExpression } = input as { Key: { id: { S: string } }; UpdateExpression: string };
          const order = Key.id.S.split("/").at(-1);
          if (UpdateExpression.includes("leaseUntil")) {
            return killAt(phase === "before" ? "before the claim" : "when the claim was written", order);
          }
          return killAt(phase === "before" ? "before the record" : "when the record was written", order);
        }
        case "DeleteMessage":
        case "DeleteMessageBatch": {
          const entries = (input.Entries ?? [input]) as { ReceiptHandle: string }[];
          const kill = phase === "before" ? "before the delete" : "when the message was deleted";
          return entries.some(({ ReceiptHandle }) => killAt(kill, orderOf.get(ReceiptHandle)));
        }
        default:
          return false;
      }
    };
    proxy = await StepProxy.start(bundle.server.endpoint, onStep);
    const queues = await DeadLetterBundle.create(bundle.sqs, "orders", { maxReceiveCount: 100 });
    const options = bundle.options(queues.queueUrl, { AWS_ENDPOINT_URL: proxy.url, MAX_MESSAGES: "1" });
    const send = (order: string, queueUrl = queues.queueUrl) => bundle.send(queueUrl, { order });
    const untilEmpty = async () => {
      while ((await queues.count(queues.queueUrl)) > 0) {
        if (!worker) {
          // A killed task is replaced.
          const started = new RunningCommand(["run"], options);
          worker = started;
          void started.exited.then((code) => {
            appendFileSync(join(bundle.folder, "exits"), `${code}\n`);
            if (worker === started) worker = undefined;
          });
        }
        await sleep(200);
      }
    };

    for (const order of ORDERS) await send(order);
    await untilEmpty();
    // And each once more, as a producer does that got no answer.
    for (const order of ORDERS) await send(order);
    await untilEmpty();
    // And from the dead letters, by SQS's own move, which gives them new ids.
    for (const order of ORDERS) await send(order, queues.deadLetterQueueUrl);
    const { stdout } = await command(["dlq", "redrive", "--json"], bundle.options(queues.queueUrl));
    expect(JSON.parse(stdout)).toMatchObject({ redriven: ORDERS.length, complete: true });
    await untilEmpty();

    const demands = (await bundle.lines("demands.jsonl")).map(
      (line) => JSON.parse(line) as { key: string; fence: number },
    );
    const seen = ORDERS.map((order) => {
      const own = demands.filter(({ key }) => key === order);
      return [order, { demands: own.length, fence: own.at(-1)?.fence }];
    });
    expect(Object.fromEntries(seen)).toEqual(KILLS);
    const ofAgent: Kill[] = ["before the charge", "after the charge"];
    expect([...killed, ...ofAgent].sort()).toEqual([...ORDERS].sort());
    expect(await bundle.lines("exits")).toEqual(ORDERS.map(() => "SIGKILL"));
    const { Items = [] } = await bundle.server.client.send(new ScanCommand({ TableName: "keys" }));
    expect(Items.map(({ state }) => state!.S)).toEqual(ORDERS.map(() => "finished"));
    expect(await queues.count(queues.deadLetterQueueUrl)).toBe(0);

    const stopping = worker!;
    stopping.kill("SIGTERM");
    expect(await stopping.exited).toBe(0);
  }, 240_000);
});
