import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { containerSuite } from "../support/container-suite.js";
import { eventually } from "../support/eventually.js";
import { uploadFunction } from "../support/stacks/bundle.js";
import { Records } from "../support/stacks/records.js";
import { Stacks } from "../support/stacks/stacks.js";

const IMAGE = "ministackorg/ministack:1.5.33";
const PORT = 4566;

containerSuite("the Lambda agent of the examples behind an event source mapping", () => {
  let container: StartedTestContainer;
  let stacks: Stacks;
  let queueUrl: string;

  beforeAll(async () => {
    container = await new GenericContainer(IMAGE)
      .withExposedPorts(PORT)
      .withWaitStrategy(Wait.forHttp("/_ministack/health", PORT))
      .start();
    stacks = new Stacks(`http://${container.getHost()}:${container.getMappedPort(PORT)}`);
    const code = await uploadFunction(stacks, "examples/lambda-agent/index.mjs");
    const { QueueUrl } = await stacks.deploy("lambda-agent", "../examples/lambda-agent/template", code);
    const QueueName = QueueUrl!.split("/").at(-1)!;
    queueUrl = (await stacks.sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl!;
  }, 180_000);
  afterAll(async () => {
    stacks?.close();
    await container?.stop();
  });

  test("has what it did deleted, and what it refused goes to the dead-letter queue in the end", async () => {
    const { sqs } = stacks;
    // Not six minutes, so that a message comes again soon.
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { VisibilityTimeout: "1" } }));
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["RedrivePolicy"] }),
    );
    const QueueName = JSON.parse(Attributes.RedrivePolicy!).deadLetterTargetArn.split(":").at(-1);
    const { QueueUrl: deadLettersUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));

    const orders = Array.from({ length: 12 }, (_, n) => JSON.stringify({ order_id: `A-${n}`, flaky: n % 3 === 0 }));
    const refused = JSON.stringify({ quantity: 2 });
    await stacks.send(queueUrl, [...orders, refused]);
    await eventually(
      async () => [await stacks.counts(queueUrl), await stacks.counts(deadLettersUrl!)],
      ([left, dead]) => left!.visible + left!.inFlight + left!.delayed === 0 && dead!.visible > 0,
    );
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: deadLettersUrl, MaxNumberOfMessages: 10 }),
    );
    expect(Messages.map(({ Body }) => Body)).toEqual([refused]);
  }, 120_000);

  test("with a table of keys, duplicates across batches and sandboxes make one run each", async () => {
    const { sqs } = stacks;
    const dynamo = new DynamoDBClient(stacks.client);
    try {
      await dynamo.send(
        new CreateTableCommand({
          TableName: "keys",
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        }),
      );
      const code = await uploadFunction(stacks, "test/support/stacks/agent/once-lambda.mjs");
      const { QueueArn, QueueName, QueueUrl: url } = await stacks.deploy("once-queue", "queue");
      // Where CloudFormation makes a number of a number parameter, MiniStack hands a text on, which its poller can't compare.
      const asNumber = (text: string) => text.replace("!Ref MaxConcurrency", "20");
      const keys = { IdempotencyTableName: "keys", IdempotencyKey: "body:/id" };
      await stacks.deploy("once", "lambda", { QueueArn: QueueArn!, ...code, ...keys }, asNumber);
      // What has to wait for its first comes again soon.
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: "2" } }));
      const records = await Records.create(sqs);
      const ids = ["a", "b", "c", "d"];
      const bodies = records.bodies(ids, 300);
      await stacks.send(url!, [...bodies, ...bodies, ...bodies]);
      await eventually(
        () => stacks.counts(url!),
        ({ visible, inFlight, delayed }) => visible + inFlight + delayed === 0,
      );
      await stacks.send(url!, bodies);
      await eventually(
        () => stacks.counts(url!),
        ({ visible, inFlight, delayed }) => visible + inFlight + delayed === 0,
      );
      expect(await records.account(ids)).toEqual({ missing: [], doubled: [] });
      const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: "keys" }));
      expect(Items.map(({ id, state, fence }) => [id!.S, state!.S, fence!.N]).sort()).toEqual(
        ids.map((id) => [`${QueueName}/${id}`, "finished", "1"]),
      );
    } finally {
      dynamo.destroy();
    }
  }, 120_000);
});
