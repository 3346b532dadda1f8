import type { Duration } from "aws-cdk-lib";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { AgentProps, QueuehandServiceProps, QueueToMake, SecretSource } from "./props.js";
import type { Parameters } from "./settled.js";

/** Properties as parameters of the templates; undefined leaves a parameter to its default. */

const seconds = (duration: Duration | undefined) => duration?.toSeconds();
const joined = (values: readonly string[]) => (values.length === 0 ? undefined : values.join(","));

const arnOf = (secret: SecretSource) =>
  "secretArn" in secret ? (secret.secretFullArn ?? secret.secretArn) : secret.parameterArn;

function secretsOf({ secrets = {} }: AgentProps) {
  const entries = Object.entries(secrets);
  return { names: joined(entries.map(([name]) => name)), arns: joined(entries.map(([, secret]) => arnOf(secret))) };
}

export function queueParameters({ queue, agent = {} }: QueuehandServiceProps): Parameters {
  const { kind, maxReceiveCount } = (queue ?? {}) as QueueToMake;
  return { Kind: kind, MaxReceiveCount: maxReceiveCount, VisibilityTimeout: seconds(agent.visibilityTimeout) };
}

const listed = (entries: Readonly<Record<string, string | number>> | undefined) =>
  entries && joined(Object.entries(entries).map(([name, value]) => `${name}=${value}`));

export interface ClusterSurroundings {
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly vpcId: string;
  /** Of budgets, where tasks share one. */
  readonly budgetTableName: string | undefined;
}

export function clusterParameters(
  { cluster, agent = {}, scraper }: QueuehandServiceProps,
  { queue, deadLetterQueue, vpcId, budgetTableName }: ClusterSurroundings,
): Parameters {
  return {
    ClusterName: cluster?.clusterName,
    VpcId: vpcId,
    QueueArn: queue.queueArn,
    DeadLetterQueueArn: deadLetterQueue.queueArn,
    EncryptionKeyArn: queue.encryptionMasterKey?.keyArn,
    AgentRoleArn: agent.role?.roleArn,
    AgentPolicyArns: joined((agent.policies ?? []).map(({ managedPolicyArn }) => managedPolicyArn)),
    AgentSecretArns: secretsOf(agent).arns,
    BudgetTableName: budgetTableName,
    ScraperSecurityGroupId: scraper?.securityGroupId,
  };
}

export interface TaskSurroundings {
  readonly image: string;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly executionRoleArn: string;
  readonly taskRoleArn: string;
  readonly budgetTableName: string | undefined;
}

export function taskParameters(
  { agent = {}, budgets, task = {}, scaling = {}, scraper }: QueuehandServiceProps,
  { image, queue, deadLetterQueue, executionRoleArn, taskRoleArn, budgetTableName }: TaskSurroundings,
): Parameters {
  const { names, arns } = secretsOf(agent);
  return {
    Image: image,
    QueueUrl: queue.queueUrl,
    DeadLetterQueueUrl: deadLetterQueue.queueUrl,
    ExecutionRoleArn: executionRoleArn,
    TaskRoleArn: taskRoleArn,
    Cpu: task.cpu,
    Memory: task.memoryMiB,
    AgentMemory: task.agentMemoryMiB,
    Architecture: task.architecture,
    Handler: agent.handler,
    Isolation: agent.isolation,
    Concurrency: agent.concurrency,
    HandlerTimeoutSeconds: seconds(agent.timeout),
    VisibilityTimeout: seconds(agent.visibilityTimeout),
    RetryBackoffSeconds: agent.retryBackoffSeconds,
    AgentEnv: joined(agent.passOn ?? []),
    AgentRoleArn: agent.role?.roleArn,
    AgentSecretNames: names,
    AgentSecretArns: arns,
    Budgets: listed(budgets?.limits),
    Uses: listed(budgets?.uses),
    BudgetShare: budgets?.share,
    BudgetTableName: budgetTableName,
    HttpHost: scraper && "0.0.0.0",
    TargetDelaySeconds: seconds(scaling.targetDelay),
    DrainBacklogSeconds: seconds(scaling.drainBacklog),
  };
}

export interface ServiceSurroundings {
  readonly taskDefinitionArn: string;
  readonly clusterName: string;
  readonly securityGroupId: string;
  readonly subnetIds: readonly string[];
  readonly queueName: string;
}

export function serviceParameters(
  { scaling = {}, rollbackAlarm = true }: QueuehandServiceProps,
  { taskDefinitionArn, clusterName, securityGroupId, subnetIds, queueName }: ServiceSurroundings,
): Parameters {
  const { spotPercent } = scaling;
  return {
    TaskDefinitionArn: taskDefinitionArn,
    ClusterName: clusterName,
    SecurityGroupIds: securityGroupId,
    SubnetIds: subnetIds.join(","),
    QueueName: queueName,
    OnDemandWeight: spotPercent === undefined ? undefined : 100 - spotPercent,
    SpotWeight: spotPercent,
    RollbackAlarm: String(rollbackAlarm),
  };
}

export interface ScalingSurroundings {
  readonly clusterName: string;
  readonly serviceName: string;
  readonly queueName: string;
}

export function scalingParameters(
  { scaling = {} }: QueuehandServiceProps,
  surroundings: ScalingSurroundings,
): Parameters {
  return {
    ClusterName: surroundings.clusterName,
    ServiceName: surroundings.serviceName,
    QueueName: surroundings.queueName,
    MinTasks: scaling.minTasks,
    MaxTasks: scaling.maxTasks,
  };
}
