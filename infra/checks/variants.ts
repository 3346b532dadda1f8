import type { TemplateName, Values } from "./template.ts";

const KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000";

const ROLE = "arn:aws:iam::000000000000:role/agents";
const SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:hooks-AbCdEf";

/** Parameters under which each template is checked: as it comes, and with everything that it can have. */
export const VARIANTS: Readonly<Record<TemplateName, readonly Values[]>> = {
  network: [{}, { InternetAccess: "false", AgentRoleArn: ROLE, WebhookSecretArn: SECRET }],
  queue: [{}, { Kind: "fifo", EncryptionKeyArn: KEY, QueueName: "orders" }],
  cluster: [
    {},
    {
      CreateIdempotencyTable: "true",
      Tracing: "true",
      EncryptionKeyArn: KEY,
      ClusterName: "shared",
      PayloadBucket: "<PayloadBucket>",
      PayloadDelete: "true",
      AgentRoleArn: ROLE,
      WebhookSecretArn: SECRET,
    },
  ],
  service: [
    {},
    {
      CollectorImage: "collector",
      Handler: "./agent.mjs",
      IdempotencyTableName: "finished",
      SpotWeight: "3",
      AgentRoleArn: ROLE,
      PayloadBucket: "payloads",
      WebhookSignature: "github:HOOK_SECRET",
      WebhookSecretArn: SECRET,
    },
  ],
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
