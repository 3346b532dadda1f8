import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";

const BATCH_MAX = 10;
const STACK_TIMEOUT_MS = 120_000;

/** Parameters or outputs of a stack, by name. */
export type Values = Readonly<Record<string, string>>;

/** Stacks of `infra/` on an emulator, and the queues in them. */
export class Stacks {
  /** What every SDK client takes to reach the emulator. */
  readonly client;
  readonly cloudWatch: CloudWatchClient;
  readonly sqs: SQSClient;
  readonly #cloudFormation: CloudFormationClient;

  constructor(readonly endpoint: string) {
    this.client = {
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
    this.#cloudFormation = new CloudFormationClient(this.client);
    this.cloudWatch = new CloudWatchClient(this.client);
    this.sqs = new SQSClient(this.client);
  }

  close(): void {
    this.#cloudFormation.destroy();
    this.cloudWatch.destroy();
    this.sqs.destroy();
  }

  /**
   * Makes or updates the stack `name` from `infra/TEMPLATE.yaml`; resolves with its outputs once it is complete.
   * @param adapt changes the template's text where an emulator lacks something; the test says what and why.
   * @throws with the events that failed.
   */
  async deploy(
    name: string,
    template: string,
    parameters: Values = {},
    adapt: (text: string) => string = (text) => text,
  ): Promise<Values> {
    const file = new URL(`../../../../infra/${template}.yaml`, import.meta.url);
    const input = {
      StackName: name,
      TemplateBody: adapt(await readFile(file, "utf8")),
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
      Capabilities: ["CAPABILITY_IAM" as const],
    };
    const exists = (await this.#status(name)) !== undefined;
    await this.#cloudFormation.send(exists ? new UpdateStackCommand(input) : new CreateStackCommand(input));
    const deadline = performance.now() + STACK_TIMEOUT_MS;
    for (;;) {
      const stack = await this.#status(name);
      if (stack?.status === "CREATE_COMPLETE" || stack?.status === "UPDATE_COMPLETE") return stack.outputs;
      // An emulator may not know the stack yet in which it has just been told.
      const ended = stack !== undefined && !stack.status.endsWith("_IN_PROGRESS");
      if (ended || performance.now() > deadline) {
        throw new Error(`stack ${name} is ${stack?.status}: ${await this.#failures(name)}`);
      }
      await sleep(200);
    }
  }

  async #status(name: string): Promise<{ status: string; outputs: Values } | undefined> {
    try {
      // Not destructured: TypeScript 7.0 renames a property that is called like the class, to `_a`.
      const answer = await this.#cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
      const stack = answer.Stacks?.[0];
      if (!stack || stack.StackStatus === "DELETE_COMPLETE") return undefined;
      const outputs = (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]);
      return { status: String(stack.StackStatus), outputs: Object.fromEntries(outputs) };
    } catch (error) {
      if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
      throw error;
    }
  }

  async #failures(name: string): Promise<string> {
    const { StackEvents = [] } = await this.#cloudFormation.send(new DescribeStackEventsCommand({ StackName: name }));
    return StackEvents.filter(({ ResourceStatus }) => ResourceStatus?.endsWith("_FAILED"))
      .map(({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`)
      .join("; ");
  }

  async send(url: string, bodies: readonly string[]): Promise<void> {
    for (let from = 0; from < bodies.length; from += BATCH_MAX) {
      const Entries = bodies
        .slice(from, from + BATCH_MAX)
        .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      const { Failed = [] } = await this.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
      if (Failed.length > 0) throw new Error(`${Failed.length} messages were not sent: ${Failed[0]?.Message}`);
    }
  }

  /** Messages on a queue: visible, in flight and delayed. */
  async counts(url: string): Promise<{ visible: number; inFlight: number; delayed: number }> {
    const { Attributes = {} } = await this.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
    };
  }
}
