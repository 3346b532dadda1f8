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

export interface ClusterSurroundings {
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly vpcId: string;
}

export function clusterParameters(
  { cluster, agent = {}, scraper }: QueuehandServiceProps,
  { queue, deadLetterQueue, vpcId }: ClusterSurroundings,
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
    ScraperSecurityGroupId: scraper?.securityGroupId,
  };
}

export interface TaskSurroundings {
  readonly image: string;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly executionRoleArn: string;
  readonly taskRoleArn: string;
}

export function taskParameters(
  { agent = {}, task = {}, scaling = {}, scraper }: QueuehandServiceProps,
  { image, queue, deadLetterQueue, executionRoleArn, taskRoleArn }: TaskSurroundings,
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
