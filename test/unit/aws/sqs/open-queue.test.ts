import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { openQueue } from "../../../../src/aws/sqs/open-queue.js";
import { makeSqsClient } from "../../../../src/aws/sqs/sqs-client.js";
import { SqsQueue } from "../../../../src/aws/sqs/sqs-queue.js";
import { received } from "../../../support/agent-bundle.js";
import { NullServer, refusal } from "../../../support/null-server.js";
import { never, sqsBundle } from "../../../support/sqs-bundle.js";

const RedrivePolicy = JSON.stringify({
  deadLetterTargetArn: "arn:aws:sqs:eu-west-1:999988887777:their-dlq",
  maxReceiveCount: 5,
});

describe("opening a queue", () => {
  test("finds the dead-letter queue by the RedrivePolicy, its owner included", async () => {
    await using bundle = await sqsBundle();
    const found = `${bundle.server.endpoint}/999988887777/their-dlq`;
    bundle.server.script("GetQueueAttributes", {
      json: { Attributes: { RedrivePolicy, VisibilityTimeout: "45", MessageRetentionPeriod: "60", QueueArn: "arn" } },
    });
    bundle.server.script("GetQueueUrl", { json: { QueueUrl: found } });
    const { queue, attributes } = await openQueue(bundle.options, never);
    expect(queue.deadLetterQueueUrl).toBe(found);
    expect(queue.copyToDeadLetters).toBeDefined();
    expect(attributes).toMatchObject({
      visibilityTimeoutSeconds: 45,
      retentionSeconds: 60,
      maxReceiveCount: 5,
      fifo: false,
    });
    const [call] = await bundle.server.seen("GetQueueUrl");
    expect(call!.input).toEqual({ QueueName: "their-dlq", QueueOwnerAWSAccountId: "999988887777" });
    queue.close();
  });

  test("copies to the dead-letter queue by the way that reaches the queue, whatever host SQS names", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("GetQueueAttributes", { json: { Attributes: { RedrivePolicy } } });
    const found = "http://127.0.0.1:9/999988887777/their-dlq";
    bundle.server.script("GetQueueUrl", { json: { QueueUrl: found } });
    const { queue } = await openQueue(bundle.options, never);
    expect(await queue.copyToDeadLetters!([{ message: received("rejected"), reason: "bad" }], never)).toEqual([
      { ok: true },
    ]);
    const [call] = await bundle.server.seen("SendMessageBatch");
    expect(call!.input.QueueUrl).toBe(found);
    queue.close();
  });

  test("keeps the dead-letter queue that it is given", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("GetQueueAttributes", { json: { Attributes: { RedrivePolicy } } });
    const { queue } = await openQueue({ ...bundle.options, deadLetterQueueUrl: "http://given/1/dlq" }, never);
    expect(queue.deadLetterQueueUrl).toBe("http://given/1/dlq");
    expect(bundle.server.calls.map(({ operation }) => operation)).toEqual(["GetQueueAttributes"]);
    queue.close();
  });

  test("of a role that may not ask warns and goes on", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("GetQueueAttributes", refusal("AccessDenied", { status: 403 }));
    const { queue, attributes } = await openQueue(bundle.options, never);
    expect(attributes).toBeUndefined();
    expect(queue.copyToDeadLetters).toBeUndefined();
    expect(bundle.facts).toMatchObject([{ kind: "warning", text: expect.stringContaining("DLQ_URL") }]);
    queue.close();
  });

  test("of a role that may not ask for URLs takes the neighbour's shape, and warns", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("GetQueueAttributes", { json: { Attributes: { RedrivePolicy } } });
    bundle.server.script("GetQueueUrl", refusal("AccessDenied", { status: 403 }));
    const { queue } = await openQueue(bundle.options, never);
    expect(queue.deadLetterQueueUrl).toBe(`${bundle.server.endpoint}/999988887777/their-dlq`);
    expect(bundle.facts).toMatchObject([{ kind: "warning" }]);
    queue.close();
  });

  test.each([{}, { QueueUrl: null }, { QueueUrl: { a: 1 } }, { QueueUrl: "their-dlq" }])(
    "takes no dead-letter queue's URL from an answer that has none: %j",
    async (json) => {
      await using bundle = await sqsBundle();
      bundle.server.script("GetQueueAttributes", { json: { Attributes: { RedrivePolicy } } });
      bundle.server.script("GetQueueUrl", ...Array(3).fill({ json }));
      const { queue } = await openQueue(bundle.options, never);
      expect(queue.deadLetterQueueUrl).toBe(`${bundle.server.endpoint}/999988887777/their-dlq`);
      expect(bundle.facts).toMatchObject([{ kind: "warning", text: expect.stringContaining("was taken to be") }]);
      queue.close();
    },
  );

  test("that does not exist is fatal at once", async () => {
    await using bundle = await sqsBundle();
    bundle.server.script("GetQueueAttributes", refusal("QueueDoesNotExist"));
    await expect(openQueue(bundle.options, never)).rejects.toMatchObject({ kind: "fatal" });
    expect(bundle.server.calls).toHaveLength(1);
  });

  test("asks again while SQS is busy", async () => {
    await using bundle = await sqsBundle();
    const busy = { text: "", status: 503 };
    bundle.server.script("GetQueueAttributes", busy, busy, { json: { Attributes: { VisibilityTimeout: "45" } } });
    const { queue, attributes } = await openQueue(bundle.options, never);
    expect(attributes?.visibilityTimeoutSeconds).toBe(45);
    queue.close();
  });

  test.each(["not JSON", "null", "[]", '{"deadLetterTargetArn":7}'])(
    "with the RedrivePolicy %j has no dead-letter queue",
    async (policy) => {
      await using bundle = await sqsBundle();
      bundle.server.script("GetQueueAttributes", { json: { Attributes: { RedrivePolicy: policy } } });
      const { queue } = await openQueue(bundle.options, never);
      expect(queue.deadLetterQueueUrl).toBeUndefined();
      queue.close();
    },
  );
});

describe("where calls go", () => {
  const AWS_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/queue";
  const credentials = async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" });
  afterEach(() => {
    delete process.env.AWS_ENDPOINT_URL;
    delete process.env.AWS_ENDPOINT_URL_SQS;
  });

  test("a custom endpoint wins over the host in the queue's URL", async () => {
    await using bundle = await sqsBundle();
    const queue = new SqsQueue({ ...bundle.options, queueUrl: AWS_URL, endpoint: bundle.server.endpoint });
    await queue.delete(["a"], never);
    const [call] = await bundle.server.seen("DeleteMessageBatch");
    expect(call!.input.QueueUrl).toBe(AWS_URL);
    expect(call!.headers.authorization).toContain("/eu-west-1/sqs/aws4_request");
    queue.close();
  });

  test.each(["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"])("so does %s in the environment", async (name) => {
    await using bundle = await sqsBundle();
    process.env[name] = bundle.server.endpoint;
    const queue = new SqsQueue({ ...bundle.options, queueUrl: AWS_URL });
    await queue.delete(["a"], never);
    expect(await bundle.server.seen("DeleteMessageBatch")).toHaveLength(1);
    queue.close();
  });

  test("without one the calls follow the queue's URL", async () => {
    await using bundle = await sqsBundle();
    await bundle.queue.delete(["a"], never);
    expect(await bundle.server.seen("DeleteMessageBatch")).toHaveLength(1);
  });

  test.each(["option", "environment", "queue's URL"])("the SDK's client goes by the %s too", async (by) => {
    const server = await NullServer.start();
    if (by === "environment") process.env.AWS_ENDPOINT_URL = server.endpoint;
    const queueUrl = by === "queue's URL" ? server.queueUrl : AWS_URL;
    const endpoint = by === "option" ? { endpoint: server.endpoint } : {};
    const client = await makeSqsClient({ queueUrl, credentials, region: "eu-west-1", ...endpoint });
    await client.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl }));
    expect(await server.seen("GetQueueAttributes")).toHaveLength(1);
    client.destroy();
    await server.stop();
  });
});
