import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { killCommands, RunningCommand } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { type Answer, isBySdk, NullServer, refusal } from "../support/null-server.js";

/** Past the middle of the shortest visibility timeout, where a lease is extended. */
const AGENT = `
  import { setTimeout as sleep } from "node:timers/promises";
  export default async ({ raw }, { log }) => {
    await sleep(9_000);
    log.info("did " + raw);
  };`;

afterEach(killCommands);

async function setup(variables: Readonly<Record<string, string>> = {}) {
  const server = await NullServer.start();
  const folder = await mkdtemp(join(tmpdir(), "queuehand-transport-"));
  await writeFile(join(folder, "agent.mjs"), AGENT);
  const env = {
    SQS_QUEUE_URL: server.queueUrl,
    HANDLER: "./agent.mjs",
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "AKIATEST",
    AWS_SECRET_ACCESS_KEY: "secret",
    METRICS: "off",
    HTTP_PORT: "0",
    VISIBILITY_TIMEOUT: "15",
    ...variables,
  };
  return {
    server,
    run: (...args: string[]) => new RunningCommand(args, { env, cwd: folder }),
    ways: (wanted: string) =>
      server.calls.filter(({ operation }) => operation === wanted).map((call) => (isBySdk(call) ? "sdk" : "wire")),
    async [Symbol.asyncDispose]() {
      await killCommands();
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

const messages = (...bodies: string[]): Answer => ({
  json: { Messages: bodies.map((Body, index) => ({ MessageId: `m${index}`, ReceiptHandle: `h${index}`, Body })) },
});

describe("a worker whose signature SQS refuses", () => {
  test("goes over to the SDK's client, its lease thread too, says so once and loses no message", async () => {
    await using bundle = await setup();
    const { server } = bundle;
    server.refuseWire(refusal("SignatureDoesNotMatch", { status: 403 }));
    server.script("ReceiveMessage", messages("a", "b"), ...Array(20).fill("silence"));
    const worker = bundle.run("run");
    const [, port] = await worker.says(/"port":(\d+)/);
    const deleted = await server.seen("DeleteMessageBatch", 1);
    const entriesDeleted = () =>
      server.calls.filter(({ operation }) => operation === "DeleteMessageBatch").flatMap(({ input }) => input.Entries);
    await eventually(
      async () => entriesDeleted(),
      ({ length }) => length === 2,
    );
    expect(deleted.every(isBySdk)).toBe(true);
    expect(worker.stdout.match(/did [ab]/g)).toHaveLength(2);
    // The thread was there before the change, and finds out by itself.
    expect(bundle.ways("ChangeMessageVisibilityBatch").slice(0, 2)).toEqual(["wire", "sdk"]);
    expect(worker.stdout.match(/SQS refused our own wire/g)).toHaveLength(1);
    expect(worker.stdout).toMatch(/"level":(40|"warn").*SQS refused our own wire/);
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(page).toMatch(/^queuehand_transport_changes_total\{.*\} 1$/m);
    const state = await (await fetch(`http://127.0.0.1:${port}/api/now`)).text();
    expect(state).toContain("SQS refused our own wire");
  }, 60_000);

  test("goes over as a whole when only its lease thread was refused", async () => {
    await using bundle = await setup();
    const { server } = bundle;
    server.refuseWire(refusal("SignatureDoesNotMatch", { status: 403 }), "ChangeMessageVisibilityBatch");
    server.script("ReceiveMessage", messages("a"), ...Array(20).fill("silence"));
    const worker = bundle.run("run");
    await server.seen("DeleteMessageBatch");
    expect(bundle.ways("ReceiveMessage")[0]).toBe("wire");
    expect(bundle.ways("ChangeMessageVisibilityBatch").slice(0, 2)).toEqual(["wire", "sdk"]);
    expect(bundle.ways("DeleteMessageBatch")).toEqual(["sdk"]);
    expect(worker.stdout.match(/SQS refused our own wire/g)).toHaveLength(1);
  }, 60_000);

  test("keeps to the wire where SQS_TRANSPORT says so", async () => {
    await using bundle = await setup({ SQS_TRANSPORT: "wire" });
    bundle.server.refuseWire(refusal("SignatureDoesNotMatch", { status: 403 }));
    const worker = bundle.run("run");
    await worker.says(/receive failed/);
    expect(bundle.ways("ReceiveMessage")).not.toContain("sdk");
  });
});

test("with SQS_TRANSPORT=sdk no call goes by the wire, the lease thread's neither", async () => {
  await using bundle = await setup({ SQS_TRANSPORT: "sdk" });
  bundle.server.script("ReceiveMessage", messages("a"), ...Array(20).fill("silence"));
  const worker = bundle.run("run");
  await bundle.server.seen("DeleteMessageBatch");
  expect(bundle.ways("ChangeMessageVisibilityBatch").length).toBeGreaterThan(0);
  expect(bundle.server.calls.filter((call) => !isBySdk(call))).toEqual([]);
  expect(worker.stdout).not.toContain("refused our own wire");
}, 60_000);

test("the table of keys goes over too, and the lease thread that starts later begins by the SDK", async () => {
  await using bundle = await setup({ IDEMPOTENCY_TABLE: "keys" });
  const { server } = bundle;
  server.refuseWire(refusal("InvalidSignatureException"), "UpdateItem");
  server.script("UpdateItem", ...Array(9).fill({ json: { Attributes: { fence: { N: "1" } } } }));
  server.script("ReceiveMessage", messages("a"), ...Array(20).fill("silence"));
  const worker = bundle.run("run");
  await server.seen("DeleteMessageBatch");
  // The check at the start; the claim; the renewal, by a thread that begins as the worker goes on; the completion.
  expect(bundle.ways("UpdateItem")).toEqual(["wire", "sdk", "sdk", "sdk", "sdk"]);
  expect(bundle.ways("ReceiveMessage")).not.toContain("sdk");
  expect(worker.stdout.match(/DynamoDB refused our own wire/g)).toHaveLength(1);
}, 60_000);

describe("doctor", () => {
  test.each([
    ["auto", false, /✓ transport +our own wire is answered/],
    ["auto", true, /! transport +our own wire is refused \(SignatureDoesNotMatch: no\): a worker goes over/],
    ["wire", true, /✗ transport +GetQueueAttributes: SignatureDoesNotMatch/],
    ["sdk", true, /✓ transport +the SDK's client is answered/],
  ])("with %s says which way a worker's calls go (refused: %s)", async (SQS_TRANSPORT, refused, line) => {
    await using bundle = await setup({ SQS_TRANSPORT });
    if (refused) bundle.server.refuseWire(refusal("SignatureDoesNotMatch", { status: 403 }));
    const command = bundle.run("doctor");
    await command.exited;
    expect(command.stdout).toMatch(line);
  });
});
