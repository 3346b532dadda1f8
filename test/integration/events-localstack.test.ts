import { createHmac } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import {
  type BusEvent,
  createWorker,
  defineHandler,
  eventBridge,
  type Fact,
  loadConfig,
  type S3Object,
  s3Objects,
  snsBody,
} from "../../src/index.js";
import { command, killCommands, RunningCommand } from "../support/command.js";
import { containerSuite } from "../support/container-suite.js";
import { EventSources } from "../support/event-sources.js";
import { eventually } from "../support/eventually.js";
import { working } from "../support/run-settings.js";

const START_TIMEOUT_MS = 180_000;
const MIB = 2 ** 20;
const SECRET = "queuehand test";

containerSuite("events from elsewhere on LocalStack", () => {
  let sources: EventSources;
  let folder: string;

  beforeAll(async () => {
    sources = await EventSources.start();
    Object.assign(process.env, sources.env);
    folder = await mkdtemp(join(tmpdir(), "queuehand-events-"));
  }, START_TIMEOUT_MS);
  afterEach(killCommands);
  afterAll(async () => {
    await sources?.stop();
    if (folder) await rm(folder, { recursive: true });
  }, START_TIMEOUT_MS);

  /** A worker in this process: what its agent was given, and what was told. */
  function worker<Body>(queueUrl: string, decode: (raw: string) => Body) {
    const bodies: Body[] = [];
    const facts: Fact[] = [];
    const agent = defineHandler({
      decode,
      handle: ({ body }) => {
        bodies.push(body);
      },
    });
    const config = loadConfig({
      SQS_QUEUE_URL: queueUrl,
      HANDLER: "in this process",
      POLL_INTERVAL_SECONDS: "1",
      METRICS: "off",
      HTTP_PORT: "off",
      LOG_LEVEL: "silent",
    });
    const working = createWorker(agent, config, { telemetry: (fact) => facts.push(fact) });
    const running = working.run();
    const outcomes = () => facts.filter((fact) => fact.kind === "settled").map(({ outcome }) => outcome);
    const stop = async () => {
      await working.stop();
      await running;
    };
    return { bodies, outcomes, stop };
  }

  /** `queuehand run` in a process of its own. */
  const run = (queueUrl: string, settings: Readonly<Record<string, string>>) =>
    new RunningCommand(["run"], {
      cwd: folder,
      env: {
        ...sources.env,
        ...working(queueUrl),
        LOG_LEVEL: "debug",
        ...settings,
      },
    });

  const reasonsOf = async (deadLetters: string, count: number) =>
    (await sources.messages(deadLetters, count)).map(
      ({ MessageAttributes }) => MessageAttributes?.QueuehandReason?.StringValue,
    );

  test("an object that is put reaches the agent by each of four ways; S3's test events run none", async () => {
    const { url } = await sources.queue("objects");
    const started = worker<readonly S3Object[]>(url, s3Objects);
    const buckets = await sources.bucketsThatTell("objects");
    // EventBridge has keys as they are, but LocalStack encodes them for it, too: there it gets one that needs no code.
    const keyIn = (bucket: string) => (bucket === "by-eventbridge" ? "in/plain.txt" : "in/happy face 1+1 é&%41.txt");
    for (const Bucket of buckets) {
      await sources.s3.send(new PutObjectCommand({ Bucket, Key: keyIn(Bucket), Body: "hello" }));
    }

    const objects = await eventually(
      async () => started.bodies.flat(),
      ({ length }) => length >= buckets.length,
    );
    expect(new Set(objects.map(({ bucket }) => bucket))).toEqual(new Set(buckets));
    for (const object of objects) {
      expect(object).toMatchObject({
        key: keyIn(object.bucket),
        size: 5,
        event: "ObjectCreated:Put",
        etag: "5d41402abc4b2a76b9719d911017c592",
        time: expect.any(Number),
        sequencer: expect.any(String),
      });
    }
    // Three ways begin with a test event: done, and no run.
    await eventually(
      async () => started.outcomes(),
      ({ length }) => length >= buckets.length + 3,
    );
    expect(new Set(started.outcomes())).toEqual(new Set(["done"]));
    expect(started.bodies).toHaveLength(buckets.length);
    await started.stop();
  });

  test("an event of an application reaches the agent by a rule", async () => {
    const { url } = await sources.queue("orders");
    const started = worker<BusEvent<{ order: number }>>(url, eventBridge);
    await sources.events("PutRule", { Name: "orders", EventPattern: JSON.stringify({ source: ["my.shop"] }) });
    const Arn = "arn:aws:sqs:us-east-1:000000000000:orders";
    await sources.events("PutTargets", { Rule: "orders", Targets: [{ Id: "queue", Arn }] });
    const entry = { Source: "my.shop", DetailType: "placed", Detail: JSON.stringify({ order: 7 }) };
    await sources.events("PutEvents", { Entries: [entry] });
    const [event] = await eventually(
      async () => started.bodies,
      ({ length }) => length > 0,
    );
    expect(event).toMatchObject({
      source: "my.shop",
      detailType: "placed",
      detail: { order: 7 },
      account: "000000000000",
    });
    await started.stop();
  });

  test("what is published to a topic reaches the agent without its envelope", async () => {
    const { url } = await sources.queue("news");
    const started = worker(url, snsBody);
    await sources.sns({ Action: "CreateTopic", Name: "news" });
    const TopicArn = "arn:aws:sns:us-east-1:000000000000:news";
    await sources.sns({
      Action: "Subscribe",
      TopicArn,
      Protocol: "sqs",
      Endpoint: "arn:aws:sqs:us-east-1:000000000000:news",
    });
    await sources.sns({ Action: "Publish", TopicArn, Message: '{"order":7}' });
    await eventually(
      async () => started.bodies,
      ({ length }) => length > 0,
    );
    expect(started.bodies).toEqual([{ order: 7 }]);
    await started.stop();
  });

  test("a signed webhook reaches the agent, and one with a wrong signature is a dead letter", async () => {
    const { url, deadLetters } = await sources.queue("hooks");
    const template = (await readFile("docs/events.md", "utf8")).match(
      /```yaml\n(AWSTemplateFormatVersion[\s\S]*?)```/,
    )?.[1];
    const { Url } = await sources.deploy("hooks", template!);
    await writeFile(
      join(folder, "hook.mjs"),
      "export default ({ body }, { log }) => { log.info({ action: body.action, name: body.name }, 'hooked'); };",
    );
    const started = run(url, {
      HANDLER: "./hook.mjs",
      WEBHOOK_SIGNATURE: "github:GITHUB_SECRET",
      GITHUB_SECRET: SECRET,
    });

    const call = (body: string, secret: string) =>
      sources.localstack.webhook(Url!, body, {
        "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
        "x-github-event": "issues",
      });
    const body = '{ "action": "opened",\n  "name": "a&b=c %41 ü+" }\n';
    expect(await call(body, SECRET)).toBe(202);
    expect(await call(body, "guessed")).toBe(202);

    await started.says(/"action":"opened","name":"a&b=c %41 ü\+"/);
    expect(await reasonsOf(deadLetters, 1)).toEqual(["the webhook's signature is wrong"]);
    expect(started.stdout.match(/"msg":"hooked"/g)).toHaveLength(1);
  });

  test("a body of 3 MiB goes by way of a bucket, reaches a program, and is removed after its message", async () => {
    const { url, deadLetters } = await sources.queue("large");
    await sources.bucket("payloads");
    await sources.bucket("private");
    await sources.s3.send(new PutObjectCommand({ Bucket: "private", Key: "secret", Body: "secret" }));
    await writeFile(join(folder, "lines.txt"), `${"x".repeat(3 * MIB)}\nsmall\n`);
    const sent = await command(
      ["send", "--file", "lines.txt", "--large-bucket", "payloads/in", "--group", "tenant-1", "--json"],
      {
        cwd: folder,
        env: { ...sources.env, SQS_QUEUE_URL: url },
      },
    );
    expect([sent.code, JSON.parse(sent.stdout)]).toEqual([0, expect.objectContaining({ sent: 2, failed: 0 })]);
    const inBucket = async () =>
      (await sources.s3.send(new ListObjectsV2Command({ Bucket: "payloads" }))).Contents ?? [];
    expect(await inBucket()).toMatchObject([{ Key: expect.stringMatching(/^in\//), Size: 3 * MIB }]);

    const started = run(url, {
      HANDLER: `exec:sh -c 'echo "got $(wc -c) bytes, $(cat $QUEUEHAND_MESSAGE_FILE)"'`,
      PAYLOAD_BUCKETS: "payloads",
      PAYLOAD_DELETE: "true",
    });
    const [, file] = await started.says(new RegExp(`got ${3 * MIB} bytes, ({.*?})"`));
    expect(file).toContain('\\"groupId\\":\\"tenant-1\\"');
    expect(file).not.toContain("ExtendedPayloadSize");
    await started.says(/got 5 bytes/);
    await eventually(inBucket, ({ length }) => length === 0);

    const pointTo = (bucket: string, key: string) =>
      sources.localstack.stacks.sqs.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: JSON.stringify([
            "software.amazon.payloadoffloading.PayloadS3Pointer",
            { s3BucketName: bucket, s3Key: key },
          ]),
          MessageAttributes: { ExtendedPayloadSize: { DataType: "Number", StringValue: "6" } },
        }),
      );
    await pointTo("private", "secret");
    await pointTo("payloads", "in/gone");
    expect((await reasonsOf(deadLetters, 2)).sort()).toEqual([
      'its payload is in the bucket "private", which is none of PAYLOAD_BUCKETS',
      "its payload s3://payloads/in/gone doesn't exist",
    ]);
    started.kill("SIGTERM");
    expect(await started.exited).toBe(0);
  });
});
