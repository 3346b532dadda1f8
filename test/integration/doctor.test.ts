import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { command, killCommands } from "../support/command.js";
import { FakeSts, granted, refused } from "../support/fake-sts.js";
import { QueueServer } from "../support/fauxqs-server.js";
import { type PeerAnswer, startPeer } from "../support/http-peer.js";

interface Finding {
  level: "ok" | "warn" | "bad";
  about: string;
  text: string;
  advice?: string;
}

let server: QueueServer;
let folder: string;

beforeAll(async () => {
  server = await QueueServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-doctor-"));
  await writeFile(join(folder, "agent.mjs"), "export default async () => {};");
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true });
});

async function queueWith(name: string, maxReceiveCount: number, deadRetention: string): Promise<string> {
  const dead = await server.queue(`${name}-dlq`, { MessageRetentionPeriod: deadRetention });
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await server.arnOf(dead), maxReceiveCount });
  return server.queue(name, { RedrivePolicy, VisibilityTimeout: "30" });
}

const doctor = (queueUrl: string, env = {}, ...args: string[]) =>
  command(["doctor", ...args], {
    cwd: folder,
    env: { ...server.env, SQS_QUEUE_URL: queueUrl, HANDLER: "./agent.mjs", METRICS: "off", ...env },
  });

async function findings(queueUrl: string, env = {}): Promise<{ code: unknown; bad: string[]; all: Finding[] }> {
  const { code, stdout } = await doctor(queueUrl, env, "--json");
  const { findings: all } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, all, bad: all.filter(({ level }) => level === "bad").map(({ about, text }) => `${about}: ${text}`) };
}

describe("doctor", () => {
  test("finds nothing to mend where everything fits, and touches no message", async () => {
    const queueUrl = await queueWith("good", 5, "1209600");
    for (let n = 0; n < 12; n++) server.server.sendMessage("good", `message ${n}`);
    const { code, stdout } = await doctor(queueUrl, { HANDLER_TIMEOUT_SECONDS: "60" });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+ fit, 0 to know of, 0 to mend\.$/m);
    for (const action of ["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "SendMessage"]) {
      expect(stdout).toContain(`✓ permission   sqs:${action} on the`);
    }
    const seen = await server.messages(queueUrl);
    expect(seen).toHaveLength(12);
    expect(new Set(seen.map(({ Attributes }) => Attributes!.ApproximateReceiveCount))).toEqual(new Set(["1"]));
    expect(await server.messages(queueUrl.replace(/good$/, "good-dlq"))).toEqual([]);
  });

  test("tells of too few receives, of a dead-letter queue that forgets first, and of none at all", async () => {
    const strict = await findings(await queueWith("strict", 2, "345600"));
    expect(strict.code).toBe(1);
    expect(strict.bad).toEqual([
      "dead letters: maxReceiveCount is 2: a task that is killed hard spends one, a wait for a slot in a fleet one at most, a stop that interrupts an agent one, and failures should have 3",
      expect.stringContaining("retention: the dead-letter queue keeps messages for 4 d, the queue for 4 d"),
    ]);
    const bare = await findings(await server.queue("bare"));
    expect(bare.bad).toEqual([expect.stringContaining("dead letters: the queue has no RedrivePolicy")]);
  });

  test("tells of a queue that isn't there, that isn't reached, of no credentials, and of an agent that won't load", async () => {
    const queueUrl = await queueWith("lonely", 5, "1209600");
    const gone = await findings(queueUrl.replace(/lonely$/, "gone"));
    expect([gone.code, gone.bad]).toEqual([
      1,
      [expect.stringMatching(/^queue: .*gone doesn't answer: QueueDoesNotExist/)],
    ]);
    const unreached = await findings(queueUrl, { AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    expect(unreached.bad).toEqual([expect.stringMatching(/ECONNREFUSED/)]);
    const nobody = await findings(queueUrl, { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", HOME: folder });
    expect(nobody.bad).toEqual([expect.stringMatching(/^credentials: none/)]);
    await writeFile(join(folder, "agent.mjs"), "throw new Error('no database');");
    const broken = await findings(queueUrl);
    expect(broken.bad).toEqual([expect.stringContaining("no database")]);
  }, 30_000);

  test("tells of an idempotency table that can't be written", async () => {
    // The queue's server knows no DynamoDB.
    const { code, bad } = await findings(await queueWith("once", 5, "1209600"), { IDEMPOTENCY_TABLE: "finished-keys" });
    expect([code, bad]).toEqual([1, [expect.stringMatching(/^idempotency: check in .* table finished-keys: /)]]);
  }, 30_000);

  test("tells whether the table of budgets can be written, and is large enough", async () => {
    const queueUrl = await queueWith("shared", 5, "1209600");
    const made = (key: string, ProvisionedThroughput?: object) => ({
      TableStatus: "ACTIVE",
      KeySchema: [{ AttributeName: key }],
      AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
      ...(ProvisionedThroughput
        ? { ProvisionedThroughput }
        : { BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" } }),
    });
    const refused = (name: string) => ({ status: 400, json: { __type: name, message: "no" } });
    const said = async (write: PeerAnswer, Table: object) => {
      const peer = await startPeer(({ target }) => (target?.endsWith("UpdateItem") ? write : { json: { Table } }));
      const env = { BUDGETS: "crm=20/s, openai=600/min", USES: "crm,openai", HANDLER: "exec:true" };
      const table = { BUDGET_SHARE: "table", BUDGET_TABLE: "shares", AWS_ENDPOINT_URL_DYNAMODB: peer.url };
      const { code, all } = await findings(queueUrl, { ...env, ...table });
      await peer.close();
      const lines = all.filter(({ about, text }) => about === "budgets" && !/slots/.test(text));
      return [code, ...lines.map(({ level, text }) => `${level}: ${text}`)];
    };
    const notMet = refused("ConditionalCheckFailedException");
    expect(await said(notMet, made("id"))).toEqual([
      0,
      "ok: dynamodb:UpdateItem on shares",
      "ok: shares is billed by the request and takes what comes",
    ]);
    expect((await said(notMet, made("id", { WriteCapacityUnits: 10 })))[2]).toBe(
      "ok: shares takes 10 writes a second, which is plenty",
    );
    expect((await said(notMet, made("id", { WriteCapacityUnits: 9 })))[2]).toBe(
      "warn: shares takes 9 writes a second unless it is scaled: budgets need about 10; beyond that tasks divide them",
    );
    expect(await said(notMet, made("pk"))).toEqual([1, "bad: shares has the key pk (S) and not id (S)"]);
    expect(await said(refused("AccessDeniedException"), made("id"))).toEqual([
      1,
      "bad: check in the budgets' table shares: AccessDeniedException: no",
    ]);
  }, 60_000);

  test("tells of buckets of payloads that can't be read", async () => {
    // The queue's server has an S3 as well, without that bucket.
    const { code, bad } = await findings(await queueWith("large", 5, "1209600"), { PAYLOAD_BUCKETS: "no-such-bucket" });
    expect([code, bad]).toEqual([
      1,
      [expect.stringMatching(/^payloads: no-such-bucket can't be read: NoSuchBucket: /)],
    ]);
  }, 30_000);

  test("assumes the agent's role once, and tells what it may do on the queue, and what is wrong with it", async () => {
    const queueUrl = await queueWith("roles", 5, "1209600");
    const sts = new FakeSts();
    const role = "arn:aws:iam::000000000000:role/photos";
    const env = { AGENT_ROLE_ARN: role, AWS_ENDPOINT_URL_STS: await sts.start(), HANDLER_TIMEOUT_SECONDS: "60" };
    const lines = async () =>
      (await findings(queueUrl, env)).all.flatMap(({ level, about, text }) =>
        about === "agent role" ? `${level}: ${text}` : [],
      );

    expect(await lines()).toEqual([
      `ok: sts:AssumeRole and sts:TagSession on ${role}`,
      // The queue's server permits everything to everybody.
      "warn: agents may do sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility on the worker's own queue",
    ]);
    expect(sts.asked).toEqual([
      expect.objectContaining({
        Action: "AssumeRole",
        RoleSessionName: "queuehand-doctor",
        "Tags.member.2.Value": "roles",
      }),
    ]);

    sts.answer = (request, response) =>
      request["Tags.member.1.Key"] ? refused(403, "AccessDenied")(request, response) : granted(request, response);
    expect(await lines()).toEqual([
      expect.stringMatching(
        /^bad: it can be assumed, but not tagged with the message: .*photos: AccessDenied: said STS$/,
      ),
    ]);

    sts.answer = refused(403, "AccessDenied");
    expect(await lines()).toEqual([`bad: sts:AssumeRole of ${role}: AccessDenied: said STS`]);
    await sts.stop();
  }, 30_000);

  test("holds budgets against the slots of a fleet as large as it is told, with what the module itself says it uses", async () => {
    await writeFile(
      join(folder, "agent.mjs"),
      `export default { uses: { openai: 2, tokens: () => 500 }, handle: async () => {} };`,
    );
    const queueUrl = await queueWith("budgets", 5, "1209600");
    const env = { BUDGETS: "openai=600/min, tokens=200000/min*8", HANDLER_TIMEOUT_SECONDS: "60" };
    const lines = async (...args: string[]) => {
      const { code, stdout } = await doctor(queueUrl, env, ...args);
      return { code, lines: stdout.split("\n").filter((line) => /budgets {2}|→/.test(line)) };
    };
    expect(await lines()).toEqual({
      code: 0,
      lines: [
        "✓ budgets      openai: 10 slots of one task (--tasks N counts the fleet) are all used only by agents of 2 s or longer",
        "! budgets      tokens: of 10 slots of one task (--tasks N counts the fleet) no more than 8 can ever be used (at most 8 at once)",
        "               → lower CONCURRENCY to 8, or ask the provider for more",
      ],
    });
    expect(await lines("--tasks", "50")).toEqual({
      code: 0,
      lines: [
        "! budgets      openai: of 10 slots × 50 tasks (--tasks) no more than 300 can ever be used (5/s begin, and agents may take 60 s)",
        "               → a fleet of 30 is enough: lower the ceiling, or ask the provider for more",
        "! budgets      tokens: each of 50 tasks lets one run, so 50 may run at once, and not 8",
        "               → set the ceiling to 8 tasks or less",
        "! budgets      tokens: of 10 slots × 50 tasks (--tasks) no more than 8 can ever be used (at most 8 at once)",
        "               → a fleet of 1 is enough: lower the ceiling, or ask the provider for more",
      ],
    });
    const { code, stderr } = await doctor(queueUrl, env, "--tasks", "0");
    expect([code, stderr]).toEqual([64, expect.stringContaining("between 1 and 50000")]);
  }, 30_000);

  test("ends with 78 and every fault when the settings are wrong", async () => {
    const { code, stderr } = await doctor("no queue", { CONCURRENCY: "0" });
    expect(code).toBe(78);
    expect(stderr).toContain('SQS_QUEUE_URL must be a queue\'s URL, name or ARN, got "no queue"');
    expect(stderr).toContain('CONCURRENCY must be between 1 and 1000, got "0"');
  });
});
