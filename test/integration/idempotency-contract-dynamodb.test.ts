import { expect, test } from "@jest/globals";
import { DynamoDbIdempotency } from "../../src/aws/dynamodb/dynamodb-idempotency.js";
import { containerSuite } from "../support/container-suite.js";
import { DynamoDbServer } from "../support/dynamodb.js";
import { idempotencyContract } from "../support/idempotency-contract.js";

const never = new AbortController().signal;
const tableAt = (endpoint: string, table: string) =>
  new DynamoDbIdempotency({
    table,
    keepSeconds: 3_600,
    region: "us-east-1",
    endpoint,
    credentials: async () => ({ accessKeyId: "test", secretAccessKey: "test" }),
  });

containerSuite("in a container", () => {
  idempotencyContract("keys in DynamoDB", async () => {
    const server = await DynamoDbServer.start();
    await server.createTable("keys");
    const table = tableAt(server.endpoint, "keys");
    return {
      table,
      async stop() {
        table.close();
        await server.stop();
      },
    };
  });

  test("a table says when it can't be used: not there, or with another key", async () => {
    const server = await DynamoDbServer.start();
    try {
      await expect(tableAt(server.endpoint, "nobody-made-this").check(never)).rejects.toMatchObject({
        name: "TableError",
        kind: "unusable",
        message: expect.stringContaining("nobody-made-this"),
      });
      await server.createTable("other-key", "pk");
      await expect(tableAt(server.endpoint, "other-key").check(never)).rejects.toMatchObject({ kind: "unusable" });
    } finally {
      await server.stop();
    }
  }, 120_000);
});

test("a table that can't be reached is down, not unusable", async () => {
  await expect(tableAt("http://127.0.0.1:1", "keys").check(never)).rejects.toMatchObject({
    name: "TableError",
    kind: "down",
  });
});
