import { Metric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import { type ISecurityGroup, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { DockerImageAsset, Platform } from "aws-cdk-lib/aws-ecr-assets";
import type { CfnTaskDefinition } from "aws-cdk-lib/aws-ecs";
import { type Grant, type IGrantable, type IPrincipal, type IRole, Role } from "aws-cdk-lib/aws-iam";
import { type IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { IncludedTemplate } from "./included.js";
import type { QueuehandServiceProps, QueueOfYours } from "./props.js";
import { clusterParameters, queueParameters, scalingParameters, serviceParameters, taskParameters } from "./wiring.js";

const NAMESPACE = "Queuehand";

/**
 * Agents on Fargate, fed by a queue: the resources of `infra/` in a stack of yours, from those very templates. Policies
 * and permissions have one source, and what a template refuses is refused when the app is synthesised.
 */
export class QueuehandService extends Construct implements IGrantable {
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  /** The worker's, and what agents are granted: every process of a task can use it. */
  readonly taskRole: IRole;
  readonly grantPrincipal: IPrincipal;
  readonly securityGroup: ISecurityGroup;
  readonly clusterName: string;
  readonly serviceName: string;
  readonly logGroupName: string;

  /** @throws Error, or TemplateError with every fault, when the properties contradict each other or a rule. */
  constructor(scope: Construct, id: string, props: QueuehandServiceProps) {
    super(scope, id);
    const { queue, deadLetterQueue } = this.#queues(props);
    this.queue = queue;
    this.deadLetterQueue = deadLetterQueue;
    const place = this.#place(props);
    const budgetTableName = this.#budgetTableName(props);

    const cluster = new IncludedTemplate(
      this,
      "cluster",
      clusterParameters(props, { queue, deadLetterQueue, budgetTableName, ...place }),
    );
    this.clusterName = props.cluster?.clusterName ?? cluster.resource("Cluster").ref;
    this.taskRole = Role.fromRoleArn(this, "TaskRole", cluster.attribute("TaskRole", "Arn"));
    this.grantPrincipal = this.taskRole;
    const securityGroupId = cluster.attribute("TaskSecurityGroup", "GroupId");
    this.securityGroup = SecurityGroup.fromSecurityGroupId(this, "SecurityGroup", securityGroupId);

    const task = new IncludedTemplate(
      this,
      "task",
      taskParameters(props, {
        image: this.#image(props),
        queue,
        deadLetterQueue,
        executionRoleArn: cluster.attribute("ExecutionRole", "Arn"),
        taskRoleArn: this.taskRole.roleArn,
        budgetTableName,
      }),
    );
    this.logGroupName = task.resource("LogGroup").ref;
    addVariables(task.resource("TaskDefinition") as CfnTaskDefinition, props.agent?.environment ?? {});

    const { clusterName } = this;
    const service = new IncludedTemplate(
      this,
      "service",
      serviceParameters(props, {
        taskDefinitionArn: task.resource("TaskDefinition").ref,
        clusterName,
        securityGroupId,
        subnetIds: place.subnetIds,
        queueName: queue.queueName,
      }),
    );
    this.serviceName = service.attribute("Service", "Name");
    const { serviceName } = this;
    new IncludedTemplate(
      this,
      "scaling",
      scalingParameters(props, { clusterName, serviceName, queueName: queue.queueName }),
    );
  }

  /** Lets somebody send messages to these agents. */
  grantSendMessages(grantee: IGrantable): Grant {
    return this.queue.grantSendMessages(grantee);
  }

  /** Lets somebody look at dead letters and send them back (`queuehand dlq`). */
  grantRedrive(grantee: IGrantable): Grant {
    const taken = this.deadLetterQueue.grantConsumeMessages(grantee);
    return taken.combine(this.queue.grantSendMessages(grantee));
  }

  /** A metric of the queue, by its name in docs/scaling.md; the mean of a minute unless told otherwise. */
  metric(metricName: string, props: MetricOptions = {}): Metric {
    return new Metric({
      namespace: NAMESPACE,
      metricName,
      dimensionsMap: { QueueName: this.queue.queueName },
      ...props,
    });
  }

  /** How many slots are wanted, in percent of those there are: what scaling tracks. */
  metricSlotDemand(props?: MetricOptions): Metric {
    return this.metric("SlotDemand", props);
  }

  metricBacklogMessages(props?: MetricOptions): Metric {
    return this.metric("BacklogMessages", props);
  }

  /** From sent to its agent's start; the 99th percentile unless told otherwise. */
  metricTimeInQueueSeconds(props?: MetricOptions): Metric {
    return this.metric("TimeInQueueSeconds", { statistic: "p99", ...props });
  }

  /** How long agents take; the 99th percentile unless told otherwise. */
  metricAgentSeconds(props?: MetricOptions): Metric {
    return this.metric("AgentSeconds", { statistic: "p99", ...props });
  }

  #queues(props: QueuehandServiceProps): QueueOfYours {
    if (props.queue && "queue" in props.queue) return props.queue;
    const made = new IncludedTemplate(this, "queue", queueParameters(props));
    const fifo = props.queue?.kind === "fifo";
    const of = (id: string) =>
      Queue.fromQueueAttributes(this, `${id}Made`, {
        queueArn: made.attribute(id, "Arn"),
        queueUrl: made.resource(id).ref,
        fifo,
      });
    return { queue: of("Queue"), deadLetterQueue: of("DeadLetterQueue") };
  }

  #place({ vpc, vpcSubnets }: QueuehandServiceProps) {
    if (vpc) return { vpcId: vpc.vpcId, subnetIds: vpc.selectSubnets(vpcSubnets).subnetIds };
    const network = new IncludedTemplate(this, "network", {});
    const subnetIds = ["PrivateSubnetA", "PrivateSubnetB"].map((id) => network.resource(id).ref);
    return { vpcId: network.resource("Vpc").ref, subnetIds };
  }

  #budgetTableName({ budgets }: QueuehandServiceProps): string | undefined {
    if (budgets?.table && budgets.share !== "table") throw new Error('budgets.table needs share: "table"');
    if (budgets?.share !== "table") return undefined;
    return budgets.table?.tableName ?? new IncludedTemplate(this, "table", {}).resource("BudgetTable").ref;
  }

  #image({ image, code, task }: QueuehandServiceProps): string {
    if ((image === undefined) === (code === undefined))
      throw new Error("QueuehandService needs image or code, one of them");
    if (image !== undefined) return image;
    const platform = task?.architecture === "X86_64" ? Platform.LINUX_AMD64 : Platform.LINUX_ARM64;
    return new DockerImageAsset(this, "Image", { directory: code!, platform }).imageUri;
  }
}

/** Variables that no parameter is for. */
function addVariables(task: CfnTaskDefinition, variables: Readonly<Record<string, string>>): void {
  const entries = Object.entries(variables);
  if (entries.length === 0) return;
  const [worker, ...others] = task.containerDefinitions as CfnTaskDefinition.ContainerDefinitionProperty[];
  const present = worker!.environment as CfnTaskDefinition.KeyValuePairProperty[];
  const twice = entries.find(([name]) => present.some((one) => one.name === name));
  if (twice) throw new Error(`agent.environment sets ${twice[0]}, which another property sets already`);
  const environment = [...present, ...entries.map(([name, value]) => ({ name, value }))];
  task.containerDefinitions = [{ ...worker!, environment }, ...others];
}
