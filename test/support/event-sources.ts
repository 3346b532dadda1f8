import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, type Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { eventually } from "./eventually.js";
import { LocalStackStacks } from "./stacks/localstack-stacks.js";

const REGION = "us-east-1";
const ACCOUNT = "000000000000";

/** What puts messages on queues besides producers, on a LocalStack of a test's own. */
export class EventSources {
  static async start(): Promise<EventSources> {
    return new EventSources(await LocalStackStacks.start());
  }

  readonly s3: S3Client;
  readonly #cloudFormation: CloudFormationClient;

  private constructor(readonly localstack: LocalStackStacks) {
    const { client } = localstack.stacks;
    this.s3 = new S3Client({ ...client, forcePathStyle: true });
    this.#cloudFormation = new CloudFormationClient(client);
  }

  async stop(): Promise<void> {
    this.s3.destroy();
    this.#cloudFormation.destroy();
    await this.localstack.stop();
  }

  /** The environment of a worker or a producer on this machine. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.localstack.stacks.endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    };
  }

  /** A queue with a dead-letter queue, `NAME-dlq`. */
  async queue(name: string): Promise<{ readonly url: string; readonly deadLetters: string }> {
    const create = async (QueueName: string, Attributes = {}) =>
      (await this.localstack.stacks.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
    const deadLetters = await create(`${name}-dlq`);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn("sqs", `${name}-dlq`), maxReceiveCount: 5 });
    return { url: await create(name, { RedrivePolicy }), deadLetters };
  }

  /** Waits until a queue has given `count` messages, and resolves with them. */
  async messages(url: string, count: number): Promise<Message[]> {
    const all: Message[] = [];
    const receive = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
      VisibilityTimeout: 600,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"],
    });
    return eventually(
      async () => {
        all.push(...((await this.localstack.stacks.sqs.send(receive)).Messages ?? []));
        return all;
      },
      ({ length }) => length >= count,
    );
  }

  async bucket(Bucket: string): Promise<void> {
    await this.s3.send(new CreateBucketCommand({ Bucket }));
  }

  /** Buckets that tell the queue of their objects: straight, by a topic with and without an envelope, by EventBridge. */
  async bucketsThatTell(queue: string): Promise<readonly string[]> {
    const queueArn = arn("sqs", queue);
    const Events = ["s3:ObjectCreated:*" as const];
    const tell = async (bucket: string, NotificationConfiguration: object) => {
      await this.bucket(bucket);
      await this.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration }));
      return bucket;
    };
    for (const raw of [false, true]) {
      const Name = raw ? "raw" : "wrapped";
      await this.sns({ Action: "CreateTopic", Name });
      await this.sns({
        Action: "Subscribe",
        TopicArn: arn("sns", Name),
        Protocol: "sqs",
        Endpoint: queueArn,
        ...(raw && { "Attributes.entry.1.key": "RawMessageDelivery", "Attributes.entry.1.value": "true" }),
      });
    }
    await this.events("PutRule", { Name: "objects", EventPattern: JSON.stringify({ source: ["aws.s3"] }) });
    await this.events("PutTargets", { Rule: "objects", Targets: [{ Id: "queue", Arn: queueArn }] });
    return [
      await tell("straight", { QueueConfigurations: [{ QueueArn: queueArn, Events }] }),
      await tell("by-wrapped-topic", { TopicConfigurations: [{ TopicArn: arn("sns", "wrapped"), Events }] }),
      await tell("by-raw-topic", { TopicConfigurations: [{ TopicArn: arn("sns", "raw"), Events }] }),
      await tell("by-eventbridge", { EventBridgeConfiguration: {} }),
    ];
  }

  async events(operation: string, input: object): Promise<unknown> {
    return this.localstack.call("events", "/", {
      headers: { "x-amz-target": `AWSEvents.${operation}`, "content-type": "application/x-amz-json-1.1" },
      body: JSON.stringify(input),
    });
  }

  async sns(input: Readonly<Record<string, string>>): Promise<unknown> {
    return this.localstack.call("sns", "/", {
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new URLSearchParams(input).toString(),
    });
  }

  /** The outputs of a stack made of `template`. */
  async deploy(name: string, template: string): Promise<Readonly<Record<string, string>>> {
    await this.#cloudFormation.send(
      new CreateStackCommand({ StackName: name, TemplateBody: template, Capabilities: ["CAPABILITY_IAM"] }),
    );
    const stack = await eventually(
      async () => (await this.#cloudFormation.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0],
      (found) => found?.StackStatus !== "CREATE_IN_PROGRESS",
    );
    if (stack?.StackStatus !== "CREATE_COMPLETE") throw new Error(`${stack?.StackStatus}: ${stack?.StackStatusReason}`);
    return Object.fromEntries((stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue!]));
  }
}

const arn = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
