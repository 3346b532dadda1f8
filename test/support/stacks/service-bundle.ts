import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DescribeServicesCommand, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { eventually } from "../eventually.js";
import { workerImage } from "../image.js";
import { MiniStack } from "./ministack.js";
import { type Finished, Records } from "./records.js";
import type { Values } from "./stacks.js";

const exec = promisify(execFile);
const AGENT_FOLDER = "test/support/stacks/agent";
const AGENT_IMAGE = "queuehand-recording-agent:test";

/** Builds the image of the agent that records what it did; resolves with its name. */
export async function recordingAgent(): Promise<string> {
  const build = ["build", "-q", "--build-arg", `WORKER=${await workerImage()}`, "-t", AGENT_IMAGE, AGENT_FOLDER];
  await exec("docker", build, { env: { ...process.env, DOCKER_BUILDKIT: "1" } });
  return AGENT_IMAGE;
}

/** The stacks `queue`, `cluster`, `task` and `service` on a MiniStack of their own, running an agent that records what it did. */
export class ServiceBundle {
  static async start(parameters: Values = {}): Promise<ServiceBundle> {
    await recordingAgent();
    const ministack = await MiniStack.start();
    try {
      const { stacks } = ministack;
      const queue = await stacks.deploy("work", "queue");
      const cluster = await stacks.deploy("work-cluster", "cluster", {
        VpcId: "vpc-00000001",
        QueueArn: queue.QueueArn!,
        DeadLetterQueueArn: queue.DeadLetterQueueArn!,
      });
      const records = await Records.create(stacks.sqs);
      const bundle = new ServiceBundle(ministack, queue, cluster, records);
      await bundle.deploy(parameters);
      return bundle;
    } catch (error) {
      await ministack.stop();
      throw error;
    }
  }

  #service: Values = {};

  private constructor(
    readonly ministack: MiniStack,
    readonly queue: Values,
    readonly cluster: Values,
    private readonly records: Records,
  ) {}

  /** Makes or updates the stack of the task, then that of the service, as a release does. */
  async deploy(parameters: Values = {}): Promise<void> {
    const { stacks } = this.ministack;
    const values = {
      ExecutionRoleArn: this.cluster.ExecutionRoleArn!,
      TaskRoleArn: this.cluster.TaskRoleArn!,
      QueueUrl: this.queue.QueueUrl!,
      DeadLetterQueueUrl: this.queue.DeadLetterQueueUrl!,
      Image: AGENT_IMAGE,
      Architecture: "X86_64",
      // MiniStack kills a task 5 seconds after its SIGTERM, so the open poll must end before.
      PollIntervalSeconds: "1",
      ...parameters,
    };
    const task = await stacks.deploy("work-task", "task", values, asMiniStackReads);
    this.#service = await stacks.deploy("work-service", "service", {
      TaskDefinitionArn: task.TaskDefinitionArn!,
      ClusterName: this.cluster.ClusterName!,
      SubnetIds: "subnet-00000001,subnet-00000002",
      SecurityGroupIds: this.cluster.SecurityGroupId!,
      QueueName: this.queue.QueueName!,
      // It knows no alarms on metric math.
      RollbackAlarm: "false",
    });
  }

  /** Sends `count` messages, each of which keeps its agent busy for `workMs`; resolves with their ids. */
  async send(prefix: string, count: number, workMs: number): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    const bodies = this.records.bodies(ids, workMs);
    await this.ministack.stacks.send(this.queue.QueueUrl!, bodies);
    return ids;
  }

  /** Sends one message with an attribute that is made of its body. */
  async sendWith(id: string, attribute: string, signed: (body: string) => string): Promise<void> {
    const [MessageBody] = this.records.bodies([id], 0);
    const value = { DataType: "String", StringValue: signed(MessageBody!) };
    const message = { QueueUrl: this.queue.QueueUrl!, MessageBody, MessageAttributes: { [attribute]: value } };
    await this.ministack.stacks.sqs.send(new SendMessageCommand(message));
  }

  finished(): Promise<readonly Finished[]> {
    return this.records.finished();
  }

  account(ids: readonly string[]): Promise<{ missing: string[]; doubled: string[] }> {
    return this.records.account(ids);
  }

  /** Resolves once every message of `ids` has finished and the queue holds nothing, visible or hidden. */
  async settled(ids: readonly string[]): Promise<void> {
    await eventually(
      async () => ({ ...(await this.ministack.stacks.counts(this.queue.QueueUrl!)), ...(await this.account(ids)) }),
      ({ visible, inFlight, missing }) => visible + inFlight + missing.length === 0,
    );
  }

  /** What scaling does: sets the number of tasks, and waits until so many run. */
  async scaleTo(desiredCount: number): Promise<void> {
    const service = { cluster: this.cluster.ClusterName!, service: this.serviceName };
    await this.ministack.ecs.send(new UpdateServiceCommand({ ...service, desiredCount }));
    await eventually(
      () => this.ministack.taskContainers(),
      (tasks) => tasks.length === desiredCount,
    );
  }

  get serviceName(): string {
    return this.#service.ServiceName!;
  }

  async desiredCount(): Promise<number | undefined> {
    const { services } = await this.ministack.ecs.send(
      new DescribeServicesCommand({ cluster: this.cluster.ClusterName!, services: [this.serviceName] }),
    );
    return services?.[0]?.desiredCount;
  }
}

/**
 * MiniStack takes a container's secrets only with the names that ECS's own API has, not with CloudFormation's; and in
 * conditions it knows neither Split nor Join, which count the agents' secrets: here there is one at most.
 */
function asMiniStackReads(template: string): string {
  return template
    .replace(/^.*ValueFrom:.*$/gm, (line) => line.replace("Name:", "name:").replace("ValueFrom:", "valueFrom:"))
    .replace(/^( {2}HasSecret(?:Two|Three|Four|Five): ).*$/gm, "$1!Equals [one, several]");
}
