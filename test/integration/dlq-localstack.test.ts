import { setTimeout as sleep } from "node:timers/promises";
import { ChangeMessageVisibilityCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { containerSuite } from "../support/container-suite.js";
import { DeadLetterBundle, type Seed } from "../support/dead-letter-bundle.js";
import { eventually } from "../support/eventually.js";
import { LocalStack } from "../support/localstack.js";
import { reaching } from "../support/run-settings.js";

containerSuite("dead letters in a container", () => {
  let localstack: LocalStack;
  let server: Record<string, string>;
  beforeAll(async () => {
    localstack = await LocalStack.start();
    const { hostname, port } = await localstack.sqs.config.endpoint!();
    server = reaching(`http://${hostname}:${port}`);
  }, 120_000);
  afterEach(killCommands);
  afterAll(() => localstack.stop());

  async function setup(options: { fifo?: boolean } = {}) {
    const name = `dlq-${Math.random().toString(36).slice(2)}`;
    const queues = await DeadLetterBundle.create(localstack.sqs, name, options);
    const env = { ...server, SQS_QUEUE_URL: queues.queueUrl };
    const json = async (...args: string[]) => {
      const { code, stdout } = await command(["dlq", ...args, "--json"], { env });
      return { code, said: JSON.parse(stdout) };
    };
    return { queues, env, json };
  }
  const seeds = (count: number): Seed[] =>
    Array.from({ length: count }, (_, n) => ({ body: `{"n":${n}}`, reason: `order ${n} is bad`, id: `first-${n}` }));

  test("SQS moves them all where nothing needs selecting", async () => {
    const { queues, json } = await setup();
    await queues.seed(seeds(25));
    const { code, said } = await json("redrive");
    expect([code, said]).toEqual([0, expect.objectContaining({ by: "sqs", redriven: 25, interrupted: false })]);
    expect(await queues.count(queues.queueUrl)).toBe(25);
    expect(await queues.count(queues.deadLetterQueueUrl)).toBe(0);
  }, 60_000);

  test("an interrupt cancels the move: the rest stays", async () => {
    const { queues, env } = await setup();
    await queues.seed(seeds(60));
    const redrive = new RunningCommand(["dlq", "redrive", "--rate", "5", "--json"], { env });
    await eventually(
      () => queues.count(queues.queueUrl),
      (count) => count > 3,
    );
    redrive.kill("SIGINT");
    expect(await redrive.exited).toBe(1);
    expect(JSON.parse(redrive.stdout)).toMatchObject({ by: "sqs", interrupted: true });
    const moved = await queues.count(queues.queueUrl);
    expect(moved).toBeLessThan(60);
    await sleep(1_500);
    // Nothing moves any more, and nothing is lost.
    expect(await queues.count(queues.queueUrl)).toBe(moved);
    expect(await queues.count(queues.deadLetterQueueUrl)).toBe(60 - moved);
  }, 60_000);

  test("says when SQS is moving them already", async () => {
    const { queues, env } = await setup();
    await queues.seed(seeds(60));
    const first = new RunningCommand(["dlq", "redrive", "--rate", "5", "--json"], { env });
    await eventually(
      () => queues.count(queues.queueUrl),
      (count) => count > 0,
    );
    const second = await command(["dlq", "redrive"], { env });
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining("SQS is moving messages of this queue")]);
    first.kill("SIGINT");
    await first.exited;
  }, 60_000);

  test("what is selected is copied, with its first id, and the rest is shown again", async () => {
    const { queues, json } = await setup();
    await queues.seed(seeds(40));
    const { said } = await json("redrive", "--where", "/n=7");
    expect(said).toMatchObject({ by: "copy", matching: 1, redriven: 1, read: 40, complete: true });
    const [back] = await queues.take(queues.queueUrl);
    expect([back!.Body, Object.keys(back!.MessageAttributes!)]).toEqual(['{"n":7}', ["QueuehandMessageId"]]);
    expect(back!.MessageAttributes!.QueuehandMessageId!.StringValue).toBe("first-7");
    expect(await queues.visible(queues.deadLetterQueueUrl)).toBe(39);
  }, 60_000);

  test("what SQS gave up is told apart, and the dead-letter queue may be named itself", async () => {
    const { queues, env, json } = await setup();
    await command(["send", "--count", "3", '{"poison":{{n}}}'], { env });
    for (const { ReceiptHandle } of await queues.take(queues.queueUrl)) {
      await localstack.sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl: queues.queueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
      );
    }
    // The second receive is one too many.
    await queues.take(queues.queueUrl);
    await queues.seed(seeds(2));
    const { said } = await json("ls", "--queue-url", queues.deadLetterQueueUrl);
    expect(said).toMatchObject({
      deadLetterQueueUrl: queues.deadLetterQueueUrl,
      complete: true,
      groups: [
        { count: 3, reason: "too many receives", error: null },
        { count: 2, reason: "rejected", error: "order N is bad" },
      ],
    });
    const back = await json("redrive", "--queue-url", queues.deadLetterQueueUrl, "--reason", "too many receives");
    expect(back.said).toMatchObject({ by: "copy", redriven: 3, to: queues.queueUrl });
  }, 60_000);

  test("FIFO groups go back in order", async () => {
    const { queues, json } = await setup({ fifo: true });
    await queues.seed(Array.from({ length: 30 }, (_, n) => ({ body: String(n), groupId: `g${n % 3}` })));
    const { code, said } = await json("redrive", "--copy");
    expect([code, said]).toEqual([0, expect.objectContaining({ by: "copy", redriven: 30, complete: true })]);
    const back = await queues.take(queues.queueUrl);
    for (const group of ["g0", "g1", "g2"]) {
      const order = back
        .filter(({ Attributes }) => Attributes!.MessageGroupId === group)
        .map(({ Body }) => Number(Body));
      expect(order.length).toBeGreaterThan(0);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
  }, 60_000);
});
