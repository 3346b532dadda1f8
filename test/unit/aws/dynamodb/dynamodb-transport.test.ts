import { expect, test } from "@jest/globals";
import { defaultTarget } from "../../../../src/aws/dynamodb/default-target.js";
import { DynamoDbIdempotency } from "../../../../src/aws/dynamodb/dynamodb-idempotency.js";
import type { TransportSetting } from "../../../../src/aws/wire/transport.js";
import { TransportChoice } from "../../../../src/aws/wire/transport-choice.js";
import { environment } from "../../../support/environment.js";
import { type Answer, isBySdk, NullServer } from "../../../support/null-server.js";
import { never } from "../../../support/sqs-bundle.js";

const REQUEST = { key: "k", owner: "o", payloadHash: "h", now: 1_000_000, leaseMs: 1_000 };
const CLAIMED: Answer = { json: { Attributes: { fence: { N: "7" } } } };
const refusal = (name: string, more: object = {}): Answer => ({
  status: 400,
  json: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "no", ...more },
});
const UNSIGNED = refusal("InvalidSignatureException");

async function setup(setting: TransportSetting) {
  const server = await NullServer.start();
  const variables = environment({
    AWS_ENDPOINT_URL_DYNAMODB: server.endpoint,
    AWS_ACCESS_KEY_ID: "AKIATEST",
    AWS_SECRET_ACCESS_KEY: "secret",
  });
  const changes: unknown[] = [];
  const choice = new TransportChoice(setting, (refused) => changes.push(refused));
  const keys = new DynamoDbIdempotency({ table: "keys", keepSeconds: 3600, ...defaultTarget("eu-west-1", choice) });
  return {
    server,
    keys,
    changes,
    ways: () => server.calls.map((call) => (isBySdk(call) ? "sdk" : "wire")),
    async [Symbol.asyncDispose]() {
      keys.close();
      variables[Symbol.dispose]();
      await server.stop();
    },
  };
}

test("a claim that our own wire was refused for its signature is made by the SDK, and all after it", async () => {
  await using bundle = await setup("auto");
  bundle.server.refuseWire(UNSIGNED);
  bundle.server.script("UpdateItem", CLAIMED, { json: { Attributes: {} } });
  expect(await bundle.keys.claim(REQUEST, never)).toEqual({ kind: "claimed", fence: 7 });
  expect(await bundle.keys.complete({ key: "k", owner: "o", fence: 7 }, 2_000_000, never)).toEqual({ kind: "held" });
  expect(bundle.ways()).toEqual(["wire", "sdk", "sdk"]);
  expect(bundle.changes).toHaveLength(1);
  const [first, second] = bundle.server.calls;
  expect(JSON.parse(second!.body)).toEqual(JSON.parse(first!.body));
});

test("a condition that isn't met is an answer: what stood in the way is told, and the SDK is kept to", async () => {
  await using bundle = await setup("auto");
  bundle.server.refuseWire(UNSIGNED);
  const Item = { payloadHash: { S: "h" }, state: { S: "finished" } };
  bundle.server.script("UpdateItem", refusal("ConditionalCheckFailedException", { Item }));
  expect(await bundle.keys.claim(REQUEST, never)).toEqual({ kind: "finished" });
  expect(bundle.ways()).toEqual(["wire", "sdk"]);
  expect(bundle.changes).toHaveLength(1);
});

test("both answers are told when both ways fail", async () => {
  await using bundle = await setup("auto");
  bundle.server.script("UpdateItem", UNSIGNED, refusal("AccessDeniedException"));
  await expect(bundle.keys.claim(REQUEST, never)).rejects.toMatchObject({
    kind: "unusable",
    message:
      "claim in the idempotency table keys: AccessDeniedException: no (by the SDK's client); InvalidSignatureException: no (by our own wire)",
  });
  expect(bundle.changes).toEqual([]);
});

test("wire never goes over, and sdk never uses the wire", async () => {
  await using wire = await setup("wire");
  wire.server.refuseWire(UNSIGNED);
  await expect(wire.keys.claim(REQUEST, never)).rejects.toMatchObject({ kind: "unusable" });
  expect(wire.ways()).toEqual(["wire"]);

  await using sdk = await setup("sdk");
  sdk.server.script("UpdateItem", CLAIMED);
  expect(await sdk.keys.claim(REQUEST, never)).toEqual({ kind: "claimed", fence: 7 });
  expect(sdk.ways()).toEqual(["sdk"]);
});

test("the SDK's calls are made again as the wire's are", async () => {
  await using bundle = await setup("sdk");
  bundle.server.script("UpdateItem", { status: 500, json: { __type: "InternalServerError" } }, CLAIMED);
  expect(await bundle.keys.claim(REQUEST, never)).toEqual({ kind: "claimed", fence: 7 });
});
