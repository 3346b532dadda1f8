import { describe, expect, test } from "@jest/globals";
import { DynamoDbBudgets } from "../../../../src/aws/dynamodb/dynamodb-budgets.js";
import { NullServer } from "../../../support/null-server.js";
import { never } from "../../../support/sqs-bundle.js";

const NOW = 1_000_000;
const REQUEST = { budget: "model", tokens: 10, perSecond: 50, now: NOW, aheadMs: 1_000 };
const COST_MS = 200;

async function setup() {
  const server = await NullServer.start();
  const table = new DynamoDbBudgets({
    table: "keys",
    region: "eu-west-1",
    endpoint: server.endpoint,
    credentials: async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" }),
  });
  return {
    server,
    table,
    async [Symbol.asyncDispose]() {
      table.close();
      await server.stop();
    },
  };
}

const notMet = (Item?: object) => ({
  status: 400,
  json: {
    __type: "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
    message: "The conditional request failed",
    ...(Item && { Item }),
  },
});
const nextAt = (value: number) => ({ nextAt: { N: String(value) } });

describe("a block of a budget's tokens", () => {
  test("follows what is given out already, by one call", async () => {
    await using bundle = await setup();
    bundle.server.script("UpdateItem", { json: { Attributes: nextAt(NOW + 300 + COST_MS) } });
    expect(await bundle.table.reserve(REQUEST, never)).toEqual({ kind: "block", from: NOW + 300 });
    const [call] = await bundle.server.seen("UpdateItem");
    expect(call!.input).toMatchObject({ TableName: "keys", Key: { id: { S: "budget/model" } } });
  });

  test("begins anew where nobody took any for a while, by a second call", async () => {
    await using bundle = await setup();
    bundle.server.script("UpdateItem", notMet(), { json: { Attributes: nextAt(NOW + COST_MS) } });
    expect(await bundle.table.reserve(REQUEST, never)).toEqual({ kind: "block", from: NOW });
  });

  test("is none while too much is given out ahead", async () => {
    await using bundle = await setup();
    bundle.server.script("UpdateItem", notMet(nextAt(NOW + 1_500)));
    expect(await bundle.table.reserve(REQUEST, never)).toEqual({ kind: "full", until: NOW + 500 });
  });

  test("of a table that isn't there is an error that names it", async () => {
    await using bundle = await setup();
    const json = { __type: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", message: "none" };
    bundle.server.script("UpdateItem", { status: 400, json });
    await expect(bundle.table.reserve(REQUEST, never)).rejects.toThrow("take from a budget in the budgets' table keys");
  });
});
