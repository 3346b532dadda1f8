import { describe, expect, test } from "@jest/globals";
import { ConditionalWrites } from "../../../../src/aws/dynamodb/conditional-writes.js";
import type { DynamoDbTarget } from "../../../../src/aws/dynamodb/dynamodb-calls.js";
import { type Answer, NullServer } from "../../../support/null-server.js";
import { never } from "../../../support/sqs-bundle.js";

const WRITE = {
  UpdateExpression: "SET #state = :x",
  ConditionExpression: "attribute_not_exists(id)",
  ExpressionAttributeNames: { "#state": "state" },
  ExpressionAttributeValues: { ":x": { S: "x" } },
};

async function setup(given: Partial<DynamoDbTarget> = {}) {
  const server = await NullServer.start();
  const writes = new ConditionalWrites("keys", {
    region: "eu-west-1",
    endpoint: server.endpoint,
    credentials: async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" }),
    ...given,
  });
  return {
    server,
    update: (signal: AbortSignal = never) => writes.update("claim", "key", WRITE, signal),
    async [Symbol.asyncDispose]() {
      writes.close();
      await server.stop();
    },
  };
}

/** A refusal as DynamoDB says it. */
const refusal = (type: string, more: { status?: number; message?: string; Item?: object; date?: string } = {}) => {
  const { status = 400, message = "no", Item, date } = more;
  const prefix = type === "AccessDeniedException" ? "com.amazon.coral.service" : "com.amazonaws.dynamodb.v20120810";
  const answer: Answer = {
    status,
    json: { __type: `${prefix}#${type}`, message, ...(Item && { Item }) },
    headers: date === undefined ? {} : { date },
  };
  return answer;
};

describe("a conditional write", () => {
  test("is a signed UpdateItem that asks for what stands in its way", async () => {
    await using bundle = await setup();
    const Attributes = { fence: { N: "3" } };
    bundle.server.script("UpdateItem", { json: { Attributes } });
    expect(await bundle.update()).toEqual({ written: Attributes, found: {} });
    const [call] = await bundle.server.seen("UpdateItem");
    expect(call!.input).toEqual({
      TableName: "keys",
      Key: { id: { S: "key" } },
      ...WRITE,
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    expect(call!.headers).toMatchObject({
      "x-amz-target": "DynamoDB_20120810.UpdateItem",
      "content-type": "application/x-amz-json-1.0",
      authorization: expect.stringContaining("/eu-west-1/dynamodb/aws4_request"),
    });
  });

  test("whose condition fails brings the item, and is made once", async () => {
    await using bundle = await setup();
    const Item = { id: { S: "key" }, state: { S: "finished" } };
    bundle.server.script("UpdateItem", refusal("ConditionalCheckFailedException", { Item }));
    expect(await bundle.update()).toEqual({ found: Item });
    expect(bundle.server.calls).toHaveLength(1);
  });

  test("whose condition fails where there is no item finds nothing", async () => {
    await using bundle = await setup();
    bundle.server.script("UpdateItem", refusal("ConditionalCheckFailedException"));
    expect(await bundle.update()).toEqual({ found: {} });
  });

  test.each<[string, Answer]>([
    ["is throttled", refusal("ProvisionedThroughputExceededException")],
    ["is throttled by HTTP", { text: "slow down", status: 429 }],
    ["fails in the service", refusal("InternalServerError", { status: 500 })],
    ["meets a proxy's error page", { text: "<html>Bad Gateway</html>", status: 502 }],
    ["gets a page for an answer", { text: "<html>Log in</html>" }],
    ["gets an answer that is no object", { json: null }],
    ["gets an answer that is cut", { torn: '{"Attributes":{"fence":{"N":"1"}}}', bytes: 12 }],
    ["loses its connection", "reset"],
    ["isn't answered in two seconds", "silence"],
  ])("that %s is tried again", async (_name, answer) => {
    await using bundle = await setup();
    bundle.server.script("UpdateItem", answer, { json: { Attributes: { fence: { N: "1" } } } });
    expect(await bundle.update()).toMatchObject({ written: { fence: { N: "1" } } });
    expect(bundle.server.calls).toHaveLength(2);
  });

  test("is given up after three tries, and the table is down", async () => {
    await using bundle = await setup();
    bundle.server.script("UpdateItem", ...Array<Answer>(4).fill(refusal("InternalServerError", { status: 500 })));
    await expect(bundle.update()).rejects.toMatchObject({
      kind: "down",
      message: "claim in the idempotency table keys: InternalServerError: no",
    });
    expect(bundle.server.calls).toHaveLength(3);
  });

  test.each(["AccessDeniedException", "ResourceNotFoundException", "ValidationException", "InvalidSignatureException"])(
    "that is refused by %s is made once, and the table is unusable",
    async (type) => {
      await using bundle = await setup();
      bundle.server.script("UpdateItem", refusal(type));
      await expect(bundle.update()).rejects.toMatchObject({ kind: "unusable" });
      expect(bundle.server.calls).toHaveLength(1);
    },
  );

  test("that is refused for its time is signed by DynamoDB's clock at once", async () => {
    await using bundle = await setup();
    const ahead = new Date(Date.now() + 3_600_000);
    const message = "Signature expired: 20261124T120000Z is now earlier than 20261124T125500Z";
    bundle.server.script("UpdateItem", refusal("InvalidSignatureException", { message, date: ahead.toUTCString() }), {
      json: {},
    });
    await bundle.update();
    const calls = await bundle.server.seen("UpdateItem", 2);
    const hours = calls.map(({ headers }) => String(headers["x-amz-date"]).slice(0, 11));
    expect(hours[1]).toBe(ahead.toISOString().replace(/[-:]/g, "").slice(0, 11));
    expect(hours[0]).not.toBe(hours[1]);
  });

  test("on a clock that stays wrong leaves the table down, not unusable", async () => {
    await using bundle = await setup();
    const late = refusal("InvalidSignatureException", {
      message: "Signature not yet current: x is still later than y",
    });
    bundle.server.script("UpdateItem", late, late, late);
    await expect(bundle.update()).rejects.toMatchObject({ kind: "down" });
  });

  test("ends with its signal, whatever the server does", async () => {
    await using bundle = await setup();
    bundle.server.script("UpdateItem", "silence");
    const given = new AbortController();
    const call = bundle.update(given.signal);
    await bundle.server.seen("UpdateItem");
    given.abort(new Error("the lease ended"));
    await expect(call).rejects.toMatchObject({ kind: "down", message: expect.stringContaining("the lease ended") });
    expect(bundle.server.calls).toHaveLength(1);
  });

  test("ends with its signal while credentials hang", async () => {
    await using bundle = await setup({ credentials: () => new Promise(() => {}) });
    const given = new AbortController();
    const call = bundle.update(given.signal);
    given.abort(new Error("the lease ended"));
    await expect(call).rejects.toMatchObject({ kind: "down" });
    expect(bundle.server.calls).toEqual([]);
  });

  test("without a region says so, and finds one that is set later", async () => {
    let known = false;
    const region = async () => {
      if (known) return "eu-west-1";
      throw new Error("no region is known");
    };
    await using bundle = await setup({ region });
    await expect(bundle.update()).rejects.toMatchObject({
      kind: "down",
      message: expect.stringContaining("no region is known"),
    });
    known = true;
    expect(await bundle.update()).toMatchObject({ written: {} });
  });
});
