import type { TemplateName, Values } from "./template.ts";

const KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000";

const ROLE = "arn:aws:iam::000000000000:role/agents";
const PARAMETER = "arn:aws:ssm:us-east-1:000000000000:parameter/database";
const ENVIRONMENT = "arn:aws:s3:::settings/agent.env";
const SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:hooks-AbCdEf";

/** Parameters under which each template is checked: as it comes, and with everything that it can have. */
export const VARIANTS: Readonly<Record<TemplateName, readonly Values[]>> = {
  network: [{}, { InternetAccess: "false", AgentRoleArn: ROLE, WebhookSecretArn: SECRET }],
  queue: [{}, { Kind: "fifo", EncryptionKeyArn: KEY, QueueName: "orders" }],
  table: [{}, { TableName: "budgets" }],
  cluster: [
    {},
    {
      CreateIdempotencyTable: "true",
      Tracing: "true",
      EncryptionKeyArn: KEY,
      ClusterName: "shared",
      BudgetTableName: "budgets",
      PayloadBucket: "<PayloadBucket>",
      PayloadDelete: "true",
      AgentRoleArn: ROLE,
      WebhookSecretArn: SECRET,
      AgentSecretArns: `${SECRET},${PARAMETER}`,
      EnvironmentFileArn: ENVIRONMENT,
      ScraperSecurityGroupId: "sg-00000001",
    },
  ],
  task: [
    {},
    {
      SidecarImage: "collector",
      SidecarCommand: "--config=/etc/ecs/ecs-default-config.yaml",
      OtlpEndpoint: "http://127.0.0.1:4318",
      Handler: "./agent.mjs",
      IdempotencyTableName: "finished",
      Budgets: "openai=600/min*8",
      Uses: "openai",
      BudgetShare: "table",
      BudgetTableName: "budgets",
      AgentRoleArn: ROLE,
      PayloadBucket: "payloads",
      WebhookSignature: "github:HOOK_SECRET",
      WebhookSecretArn: SECRET,
      EnvironmentFileArn: ENVIRONMENT,
      AgentSecretNames: "MODEL_KEY,DATABASE_URL",
      AgentSecretArns: `${SECRET},${PARAMETER}`,
      HttpHost: "0.0.0.0",
    },
  ],
  service: [{}, { SpotWeight: "3", RollbackAlarm: "false" }],
  scaling: [{}, { MinTasks: "0", FloorTasks: "2" }, { ScaleOn: "BacklogPerTask" }],
  observability: [
    { AlertEmail: "team@example.com" },
    { MinTasks: "0", AlertTopicArn: "arn:aws:sns:us-east-1:000000000000:alerts" },
  ],
  sources: [
    { CreateBucket: "true", EventSource: "my.shop", Schedule: "rate(5 minutes)", Webhook: "true" },
    {
      Kind: "fifo",
      BucketName: "inbox",
      ObjectPrefix: "in/",
      Webhook: "true",
      WebhookKey: "false",
      WebhookLogs: "role-exists",
    },
  ],
  lambda: [{}, { EncryptionKeyArn: KEY }],
  keeper: [{}],
  budget: [{ LowerCeilingTo: "2", CostTag: "user:project$queuehand" }],
  root: [
    {},
    {
      Services: "3",
      BudgetShare: "table",
      AlertEmail: "team@example.com",
      KeeperCodeKey: "keeper.zip",
      CodeBucket: "code",
      Webhook: "true",
      WebhookKey: "false",
      WebhookSignature: "github:HOOK_SECRET",
      WebhookSecretArn: SECRET,
    },
  ],
};
