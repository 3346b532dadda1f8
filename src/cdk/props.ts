import type { Duration } from "aws-cdk-lib";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2";
import type { ICluster } from "aws-cdk-lib/aws-ecs";
import type { IManagedPolicy, IRole } from "aws-cdk-lib/aws-iam";
import type { IQueue } from "aws-cdk-lib/aws-sqs";

/** A secret of Secrets Manager or a parameter of Systems Manager: `ISecret` and `IStringParameter` are such. */
export type SecretSource =
  | { readonly secretArn: string; readonly secretFullArn?: string | undefined }
  | { readonly parameterArn: string };

/** The queue that agents are fed from, where the construct is to make none. */
export interface QueueOfYours {
  readonly queue: IQueue;
  /** Where its RedrivePolicy points; rejected messages are copied there. */
  readonly deadLetterQueue: IQueue;
}

/** The queue that the construct makes, with its dead-letter queue: parameters of `infra/queue.yaml`. */
export interface QueueToMake {
  readonly kind?: "standard" | "fair" | "fifo";
  /** Receives before a message is a dead letter, 5 to 1000; 5 unless told otherwise. */
  readonly maxReceiveCount?: number;
}

/** What runs, and with which settings; what is left out is the image's affair. Names are those of docs/configuration.md. */
export interface AgentProps {
  /** HANDLER. */
  readonly handler?: string;
  readonly isolation?: "none" | "process" | "process-per-message";
  /** Slots of a task: 1, 2, 4, 5, 8, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500 or 1000. */
  readonly concurrency?: number;
  /** HANDLER_TIMEOUT_SECONDS. */
  readonly timeout?: Duration;
  /** VISIBILITY_TIMEOUT, of the queue that is made too. */
  readonly visibilityTimeout?: Duration;
  /** `base` or `base,max` seconds. */
  readonly retryBackoffSeconds?: string;
  /** Other settings of the worker, and variables of the agent's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** AGENT_ENV: variables that an agent in a process of its own gets too. */
  readonly passOn?: readonly string[];
  /** Up to five, by variable. Whole: no field of a JSON secret. */
  readonly secrets?: Readonly<Record<string, SecretSource>>;
  /** Role that agents get credentials of, one session a message. */
  readonly role?: IRole;
  /** What every process of a task may do; `grantPrincipal` is the same role. */
  readonly policies?: readonly IManagedPolicy[];
}

/** Budgets of what agents call (docs/budgets.md). */
export interface BudgetProps {
  /** BUDGETS, by name: an amount per `/s`, `/min` or `/h`, and `*8` for at most eight runs at once: `{ openai: "600/min*8" }`. */
  readonly limits: Readonly<Record<string, string>>;
  /** USES: what each message takes before its run. A module says it itself. */
  readonly uses?: Readonly<Record<string, number>>;
  /** `divide` unless told otherwise; `table` makes a table where none is given. */
  readonly share?: "divide" | "table";
  /** With `table`: one of yours with the string key `id`, such as that of finished keys. */
  readonly table?: ITable;
}

/** The size of one task. */
export interface TaskProps {
  readonly cpu?: 256 | 512 | 1024 | 2048 | 4096;
  readonly memoryMiB?: 512 | 1024 | 2048 | 4096 | 8192 | 16384 | 30720;
  /** Most memory of one agent, rounded up: slots × this has to fit. */
  readonly agentMemoryMiB?: 16 | 64 | 256 | 1024;
  /** ARM64 unless told otherwise. */
  readonly architecture?: "ARM64" | "X86_64";
}

/** How many tasks there are: parameters of `infra/scaling.yaml`. */
export interface ScalingProps {
  /** 1, 2, 5, 10, 20, 50, 100, 200 or 500. */
  readonly minTasks?: number;
  /** 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000 or 5000. */
  readonly maxTasks?: number;
  /** Percent of Spot tasks beyond the first, 0 to 100. */
  readonly spotPercent?: number;
  /** How long a message may wait for a slot. */
  readonly targetDelay?: Duration;
  /** In what time a backlog beyond that is to be worked off. */
  readonly drainBacklog?: Duration;
}

export interface QueuehandServiceProps {
  /** The agent's image, by digest. Either this or `code`. */
  readonly image?: string;
  /** A folder with the agent's Dockerfile, which is built and pushed by `cdk deploy`. */
  readonly code?: string;
  readonly queue?: QueueOfYours | QueueToMake;
  readonly agent?: AgentProps;
  readonly budgets?: BudgetProps;
  readonly task?: TaskProps;
  readonly scaling?: ScalingProps;
  /** Where the tasks run; unset: a VPC of `infra/network.yaml`, with endpoints and a NAT gateway. */
  readonly vpc?: IVpc;
  /** Private ones unless told otherwise. */
  readonly vpcSubnets?: SubnetSelection;
  /** An ECS cluster that exists, with the capacity providers FARGATE and FARGATE_SPOT. */
  readonly cluster?: ICluster;
  /** Whose members may read `/metrics` on port 8080. */
  readonly scraper?: ISecurityGroup;
  /** Rolls a deployment back under which most deliveries fail; true unless told otherwise. */
  readonly rollbackAlarm?: boolean;
}
