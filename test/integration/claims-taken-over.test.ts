import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { killCommands, RunningCommand } from "../support/command.js";
import { QueueServer } from "../support/fauxqs-server.js";
import { type PeerAnswer, type PeerRequest, startPeer } from "../support/http-peer.js";
import { working } from "../support/run-settings.js";

const AGENT = `
  export default (_, { signal, log }) =>
    new Promise((resolve) => {
      log.info("began");
      signal.addEventListener("abort", () => {
        log.info("gave up: " + signal.reason.message);
        resolve();
      });
    });`;

let server: QueueServer;
let folder: string;

beforeAll(async () => {
  server = await QueueServer.start();
  folder = await mkdtemp(join(tmpdir(), "queuehand-taken-over-"));
  await writeFile(join(folder, "agent.mjs"), AGENT);
});
afterEach(killCommands);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** DynamoDB as far as one key goes: `renew` answers renewals. */
async function keys(renew: () => PeerAnswer) {
  const operationOf = ({ json }: PeerRequest) => {
    const expression = String(json.UpdateExpression);
    if (expression.includes("if_not_exists")) return "claim";
    if (expression.includes("leaseUntil = :until")) return "renew";
    return expression.includes(":zero") ? "release" : "check";
  };
  const refused: PeerAnswer = {
    status: 400,
    json: { __type: "ConditionalCheckFailedException", message: "The conditional request failed" },
  };
  const peer = await startPeer((request) => {
    const operation = operationOf(request);
    if (operation === "claim") return { json: { Attributes: { fence: { N: "1" } } } };
    return operation === "renew" ? renew() : refused;
  });
  return { ...peer, operations: () => peer.requests.map(operationOf) };
}

async function worker(name: string, dynamoDbUrl: string) {
  const env = {
    ...server.env,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDbUrl,
    ...working(await server.queue(name)),
    IDEMPOTENCY_TABLE: "keys",
    VISIBILITY_TIMEOUT: "15",
  };
  const running = new RunningCommand(["run"], { cwd: folder, env });
  server.server.sendMessage(name, "x");
  await running.says(/began/);
  return running;
}

describe("a run whose claim the extender's thread can't renew", () => {
  test("hears that another has its key", async () => {
    const taken = { id: { S: "taken/x" }, state: { S: "running" }, owner: { S: "other" }, fence: { N: "2" } };
    const json = { __type: "ConditionalCheckFailedException", message: "refused", Item: taken };
    const table = await keys(() => ({ status: 400, json }));
    const running = await worker("taken", table.url);
    await running.says(/gave up: another run has taken its key over/);
    await running.says(/"reason":"the claim on the message's key was lost"/);
    // The last, since a claim may also be lost for its time alone: the table knows better, and refuses.
    expect(table.operations().slice(0, 4)).toEqual(["check", "claim", "renew", "release"]);
    running.kill("SIGTERM");
    expect(await running.exited).toBe(0);
    await table.close();
  }, 60_000);

  test("is told of an outage once, goes on if it ends in time, and gives up before its claim ends if not", async () => {
    let down = true;
    const table = await keys(() =>
      down
        ? { status: 500, json: { __type: "InternalServerError", message: "not now" } }
        : { json: { Attributes: {} } },
    );
    const running = await worker("outage", table.url);
    await running.says(/the idempotency table doesn't renew claims: runs are aborted before their claims end/);
    down = false;
    await running.says(/the idempotency table renews claims again/);
    expect(running.stdout).not.toContain("gave up");
    down = true;
    await running.says(/gave up: the claim on its key could not be renewed in time/);
    expect(running.stdout.match(/doesn't renew claims/g)).toHaveLength(2);
    running.kill("SIGTERM");
    expect(await running.exited).toBe(0);
    await table.close();
  }, 90_000);
});
