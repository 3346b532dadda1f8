import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { freePort } from "../../src/cli/dev/free-port.js";
import { killCommands, RunningCommand } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { QueueServer } from "../support/fauxqs-server.js";
import { pythonPackages } from "../support/python-packages.js";
import { working } from "../support/run-settings.js";

jest.setTimeout(120_000);

const packages = await pythonPackages("django-eb-sqs-worker==0.5.0", "beanstalk-dispatch==0.1.5");
const APPLICATION = join(process.cwd(), "test", "support", "beanstalk", "application.py");
const suite = (name: string, body: () => void) =>
  typeof packages === "string" ? describe.skip(`${name} (skipped: ${packages})`, body) : describe(name, body);

suite("An application written for Elastic Beanstalk's daemon moves over unchanged:", () => {
  const { python, remove } = packages as Exclude<typeof packages, string>;
  let server: QueueServer;
  let folder: string;
  let queueUrl: string;
  let deadUrl: string;
  let made = 0;
  beforeAll(async () => {
    server = await QueueServer.start();
  });
  afterAll(async () => {
    await server.stop();
    await remove();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "queuehand-beanstalk-"));
    const name = `beanstalk-${++made}`;
    deadUrl = await server.queue(`${name}-dead`);
    const redrive = { deadLetterTargetArn: await server.arnOf(deadUrl), maxReceiveCount: 3 };
    queueUrl = await server.queue(name, { RedrivePolicy: JSON.stringify(redrive) });
  });
  afterEach(async () => {
    await killCommands();
    await rm(folder, { recursive: true });
  });

  const done = async () => (await readFile(join(folder, "done"), "utf8").catch(() => "")).split("\n").filter(Boolean);
  const left = async () => {
    const { ready, inflight } = server.server.inspectQueue(queueUrl.split("/").at(-1)!)!.messages;
    return ready.length + inflight.length;
  };

  /** The application sends tasks by its own package, and the queue is emptied by a worker that starts it as its service. */
  async function runs(
    path: string,
    tasks: readonly (readonly [which: string, count: number, fail: string])[],
    host = "localhost",
  ) {
    for (const [which, count, fail] of tasks) {
      await promisify(execFile)(
        python,
        [APPLICATION, "send", queueUrl.split("/").at(-1)!, which, String(count), fail],
        {
          env: { ...process.env, ...server.env, AWS_DEFAULT_REGION: "us-east-1" },
        },
      );
    }
    const port = await freePort(20_000 + Math.floor(Math.random() * 10_000), "127.0.0.1");
    const worker = new RunningCommand(["run"], {
      cwd: folder,
      env: {
        ...server.env,
        ...working(queueUrl),
        HANDLER: `http://${host}:${port}${path}`,
        AGENT_COMMAND: `${python} ${APPLICATION} serve ${port}`,
        RUN_DONE: join(folder, "done"),
        RETRY_BACKOFF_SECONDS: "1,1",
      },
    });
    await eventually(left, (count) => count === 0);
    worker.kill("SIGTERM");
    await worker.exited;
    return (await server.messages(deadUrl)).map(({ MessageAttributes = {} }) => [
      MessageAttributes.QueuehandReceiveCount?.StringValue,
      MessageAttributes.QueuehandReason?.StringValue,
    ]);
  }

  test("django-eb-sqs-worker 0.5.0: good tasks are done, bad ones tried as often as the queue says", async () => {
    const dead = await runs("/worker/sqs/", [
      ["worker", 20, "good"],
      ["worker", 1, "fail"],
    ]);
    expect((await done()).sort()).toEqual(Array.from({ length: 20 }, (_, n) => `order ${n}`).sort());
    expect(dead).toEqual([["3", expect.stringMatching(/^gave up after 3 receives: .*answered 500/)]]);
  });

  test("its periodic task, as the daemon's cron left it in the queue", async () => {
    const text = (StringValue: string) => ({ DataType: "String", StringValue });
    await server.client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: "elasticbeanstalk scheduled job",
        MessageAttributes: {
          "beanstalk.sqsd.path": text("/worker/sqs/"),
          "beanstalk.sqsd.task_name": text("nightly"),
          "beanstalk.sqsd.scheduled_time": text("2026-11-28T15:00:00Z"),
        },
      }),
    );
    expect(await runs("/elsewhere/", [])).toEqual([]);
    expect(await done()).toEqual(["nightly"]);
  });

  test("beanstalk-dispatch 0.1.5: its base64 is its own business, and its 400 means: try again", async () => {
    const dead = await runs("/dispatch/", [
      ["dispatch", 10, "good"],
      ["dispatch", 1, "fail"],
    ]);
    expect((await done()).sort()).toEqual(Array.from({ length: 10 }, (_, n) => `dispatched ${n}`).sort());
    expect(dead).toEqual([
      ["3", expect.stringMatching(/^gave up after 3 receives: .*answered 400.*not found: of a later release/)],
    ]);
  });

  test("called by a host that Django doesn't allow, each task has all its tries", async () => {
    const dead = await runs("/worker/sqs/", [["worker", 5, "good"]], "127.0.0.1");
    expect(await done()).toEqual([]);
    expect(dead).toEqual(Array(5).fill(["3", expect.stringMatching(/^gave up after 3 receives: .*answered 400/)]));
  });
});
