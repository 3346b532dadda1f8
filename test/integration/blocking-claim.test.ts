import { setTimeout as sleep } from "node:timers/promises";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { killCommands, RunningCommand } from "../support/command.js";
import { containerSuite } from "../support/container-suite.js";
import { DeadLetterBundle } from "../support/dead-letter-bundle.js";
import { eventually } from "../support/eventually.js";
import { KeyedRunBundle } from "../support/keyed-run-bundle.js";

/** Longer than the visibility timeout, 15 s, and the clocks' two seconds. */
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
  let bundle: KeyedRunBundle;

  beforeAll(async () => {
    bundle = await KeyedRunBundle.start(AGENT);
  }, 120_000);
  afterEach(killCommands);
  afterAll(() => bundle?.stop());

  test("keeps its key: a duplicate at a second worker waits for it, and there is one charge, with fence 1", async () => {
    const queues = await DeadLetterBundle.create(bundle.sqs, "orders", { maxReceiveCount: 5 });
    const options = bundle.options(queues.queueUrl, { LOG_LEVEL: "debug" });
    const send = () => bundle.send(queues.queueUrl, { order: "o-1" });
    await send();
    const first = new RunningCommand(["run"], options);
    const charges = () => bundle.lines("charges");
    await eventually(charges, ({ length }) => length > 0);
    await sleep(POLLS_ENDED_MS);
    await send();
    const second = new RunningCommand(["run"], options);
    await second.says(/another run holds the message's key/);
    await eventually(
      () => queues.count(queues.queueUrl),
      (count) => count === 0,
      40_000,
    );
    for (const worker of [first, second]) worker.kill("SIGTERM");
    expect(await Promise.all([first.exited, second.exited])).toEqual([0, 0]);
    expect(await charges()).toEqual(["o-1 with fence 1"]);
    const { Item } = await bundle.server.client.send(
      new GetItemCommand({ TableName: "keys", Key: { id: { S: "orders/o-1" } } }),
    );
    expect(Item).toMatchObject({ state: { S: "finished" }, fence: { N: "1" } });
  }, 150_000);
});
