import { expect, test } from "@jest/globals";
import { DynamoDbIdempotency } from "../../../../src/aws/dynamodb/dynamodb-idempotency.js";
import { type Answer, NullServer } from "../../../support/null-server.js";
import { never } from "../../../support/sqs-bundle.js";

const REQUEST = { key: "queue/a", owner: "me", payloadHash: "hash", now: 1_000_000, leaseMs: 120_000 };

test.each<[string, Answer]>([
  ["granted without a fence", { json: {} }],
  ["refused without the item", { status: 400, json: { __type: "x#ConditionalCheckFailedException", message: "no" } }],
])("a claim that is %s decides nothing: the table counts as down", async (_name, answer) => {
  const server = await NullServer.start();
  const table = new DynamoDbIdempotency({
    table: "keys",
    keepSeconds: 60,
    region: "eu-west-1",
    endpoint: server.endpoint,
    credentials: async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" }),
  });
  try {
    server.script("UpdateItem", answer);
    await expect(table.claim(REQUEST, never)).rejects.toMatchObject({ name: "TableError", kind: "down" });
  } finally {
    table.close();
    await server.stop();
  }
});
