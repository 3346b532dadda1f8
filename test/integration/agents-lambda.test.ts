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
});
