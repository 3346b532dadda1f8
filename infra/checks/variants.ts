import type { TemplateName, Values } from "./template.ts";

const KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000";

/** Parameters under which each template is checked: as it comes, and with everything that it can have. */
export const VARIANTS: Readonly<Record<TemplateName, readonly Values[]>> = {
  network: [{}, { InternetAccess: "false" }],
  queue: [{}, { Kind: "fifo", EncryptionKeyArn: KEY, QueueName: "orders" }],
  cluster: [
    {},
    {
      CreateIdempotencyTable: "true",
      Tracing: "true",
      EncryptionKeyArn: KEY,
      ClusterName: "shared",
      PayloadBucket: "<PayloadBucket>",
    },
  ],
  service: [
    {},
    { CollectorImage: "collector", Handler: "./agent.mjs", IdempotencyTableName: "finished", SpotWeight: "3" },
  ],
  scaling: [{}, { MinTasks: "0", FloorTasks: "2" }, { ScaleOn: "BacklogPerTask" }],
  observability: [
    { AlertEmail: "team@example.com" },
    { MinTasks: "0", AlertTopicArn: "arn:aws:sns:us-east-1:000000000000:alerts" },
  ],
  sources: [
    { CreateBucket: "true", EventSource: "my.shop", Schedule: "rate(5 minutes)", Webhook: "true" },
    { Kind: "fifo", BucketName: "inbox", ObjectPrefix: "in/", Webhook: "true", WebhookLogs: "role-exists" },
  ],
  lambda: [{}, { EncryptionKeyArn: KEY }],
  keeper: [{}],
  budget: [{ LowerCeilingTo: "2", CostTag: "user:project$queuehand" }],
  root: [
    {},
    { Services: "3", AlertEmail: "team@example.com", KeeperCodeKey: "keeper.zip", CodeBucket: "code", Webhook: "true" },
  ],
};
