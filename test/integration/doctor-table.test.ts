import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, type CreateTableCommandInput, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { command, killCommands } from "../support/command.js";
import { containerSuite } from "../support/container-suite.js";
import { DeadLetterBundle } from "../support/dead-letter-bundle.js";
import { DynamoDbServer } from "../support/dynamodb.js";
import { startPeer } from "../support/http-peer.js";
import { reaching } from "../support/run-settings.js";

containerSuite("doctor on a table of keys in a container", () => {
  let server: DynamoDbServer;
  let folder: string;
  let queueUrl: string;

  beforeAll(async () => {
    server = await DynamoDbServer.start();
    const sqs = new SQSClient({
      endpoint: server.endpoint,
      useQueueUrlAsEndpoint: false,
      region: "us-east-1",
      credentials: server.credentials,
    });
    ({ queueUrl } = await DeadLetterBundle.create(sqs, "orders", { maxReceiveCount: 5 }));
    sqs.destroy();
    folder = await mkdtemp(join(tmpdir(), "queuehand-doctor-table-"));
    await writeFile(join(folder, "agent.mjs"), "export default async () => {};");
  }, 120_000);
  afterEach(killCommands);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function make(TableName: string, input: Partial<CreateTableCommandInput> = {}, ttl?: string) {
    const whole: CreateTableCommandInput = {
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      ...input,
    };
    await server.client.send(new CreateTableCommand(whole));
    if (ttl === undefined) return;
    const TimeToLiveSpecification = { Enabled: true, AttributeName: ttl };
    await server.client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  }

  /** What doctor says of a table, each as `level: text`. */
  async function said(table: string, more: Record<string, string> = {}): Promise<string[]> {
    const env = {
      ...reaching(server.endpoint),
      SQS_QUEUE_URL: queueUrl,
      HANDLER: "./agent.mjs",
      METRICS: "off",
      IDEMPOTENCY_TABLE: table,
      ...more,
    };
    const { stdout } = await command(["doctor", "--json"], { cwd: folder, env });
    const { findings } = JSON.parse(stdout) as { findings: { level: string; about: string; text: string }[] };
    return findings.filter(({ about }) => about === "idempotency").map(({ level, text }) => `${level}: ${text}`);
  }

  test("finds nothing wrong with one that docs/idempotency.md makes", async () => {
    await make("good", {}, "expiresAt");
    expect(await said("good")).toEqual([
      "ok: dynamodb:UpdateItem on good",
      "ok: good is billed by the request and takes what comes",
      "ok: good forgets by expiresAt",
    ]);
  }, 60_000);

  test("tells of keys that are never removed, and of bought capacity", async () => {
    await make("no-ttl");
    expect(await said("no-ttl")).toContain("warn: no-ttl has no TTL attribute: it grows for ever");
    await make("other-ttl", {}, "ttl");
    expect(await said("other-ttl")).toContain("warn: other-ttl has the TTL attribute ttl: it grows for ever");
    const ProvisionedThroughput = { ReadCapacityUnits: 1, WriteCapacityUnits: 5 };
    await make("bought", { BillingMode: "PROVISIONED", ProvisionedThroughput }, "expiresAt");
    expect(await said("bought")).toEqual([
      "ok: dynamodb:UpdateItem on bought",
      "warn: bought takes 5 writes a second unless it is scaled: 2.5 messages; beyond that they wait",
      "ok: bought forgets by expiresAt",
    ]);
  }, 60_000);

  test("tells of a table with another key, and of none", async () => {
    await make("other-key", {
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "N" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    });
    expect(await said("other-key")).toEqual(["bad: other-key has the key pk (N) and not id (S)"]);
    await make("two-keys", {
      AttributeDefinitions: [
        { AttributeName: "id", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "id", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    });
    expect(await said("two-keys")).toEqual([
      "bad: two-keys has the key id (S) and sk (S), a key of two parts and not id (S)",
    ]);
    expect(await said("nobody-made-this")).toEqual([
      expect.stringMatching(/^bad: check in the idempotency table nobody-made-this: ResourceNotFoundException: /),
    ]);
  }, 60_000);

  test("checks the write alone where the role may do nothing else, as a worker's may", async () => {
    const refused = {
      status: 400,
      json: { __type: "ConditionalCheckFailedException", message: "the condition failed" },
    };
    const denied = { status: 400, json: { __type: "AccessDeniedException", message: "not authorized" } };
    const peer = await startPeer(({ target }) => (target?.endsWith("UpdateItem") ? refused : denied));
    try {
      expect(await said("good", { AWS_ENDPOINT_URL_DYNAMODB: peer.url })).toEqual([
        "ok: dynamodb:UpdateItem on good; nothing else is checked without dynamodb:DescribeTable and dynamodb:DescribeTimeToLive",
      ]);
    } finally {
      await peer.close();
    }
  }, 60_000);
});
