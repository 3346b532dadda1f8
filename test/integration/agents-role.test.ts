import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { killCommands, RunningCommand } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { FakeSts, refused } from "../support/fake-sts.js";
import { QueueServer } from "../support/fauxqs-server.js";
import { working } from "../support/run-settings.js";

const ROLE = "arn:aws:iam::000000000000:role/photos";
/** Writes the access key that it got as its own. */
const MODULE = `
import { writeFileSync } from "node:fs";
export default async (message, { credentials }) => {
  writeFileSync(process.env.RUN_SEEN, (await credentials()).accessKeyId);
};
`;
const PROGRAM = `#!/bin/sh
cat <&4 | sed 's/.*"AccessKeyId":"\\([A-Z]*\\)".*/\\1/' >"$RUN_SEEN.new" && mv "$RUN_SEEN.new" "$RUN_SEEN"
`;

describe("queuehand run with AGENT_ROLE_ARN", () => {
  let server: QueueServer;
  let sts: FakeSts;
  let folder: string;
  let seen: string;
  let queueUrl: string;
  beforeEach(async () => {
    server = await QueueServer.start();
    sts = new FakeSts();
    folder = await mkdtemp(join(tmpdir(), "queuehand-role-"));
    seen = join(folder, "seen");
    queueUrl = await server.queue("photos");
    await writeFile(join(folder, "agent.mjs"), MODULE);
    await writeFile(join(folder, "agent"), PROGRAM, { mode: 0o755 });
  });
  afterEach(async () => {
    await killCommands();
    await Promise.all([sts.stop(), server.stop(), rm(folder, { recursive: true })]);
  });

  async function run(env: Readonly<Record<string, string>>): Promise<RunningCommand> {
    return new RunningCommand(["run"], {
      cwd: folder,
      env: {
        ...server.env,
        AWS_ENDPOINT_URL_STS: await sts.start(),
        ...working(queueUrl),
        AGENT_ROLE_ARN: ROLE,
        RUN_SEEN: seen,
        ...env,
      },
    });
  }

  test.each([
    ["a module", { HANDLER: "./agent.mjs" }],
    ["a module in processes", { HANDLER: "./agent.mjs", ISOLATION: "process" }],
    ["a program", { HANDLER: "exec:./agent" }],
  ])(
    "hands %s credentials of the role, in a session of its message",
    async (_, env) => {
      const worker = await run(env);
      const { MessageId } = await server.client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "{}" }));
      const key = await eventually(
        () => readFile(seen, "utf8").catch(() => ""),
        (found) => found !== "",
      );
      worker.kill("SIGTERM");
      expect(await worker.exited).toBe(0);
      expect(key.trim()).toBe("ASIAAGENT");
      expect(sts.asked).toEqual([
        expect.objectContaining({ RoleArn: ROLE, RoleSessionName: MessageId, "Tags.member.1.Value": MessageId }),
      ]);
    },
    60_000,
  );

  test("doesn't call STS for an agent that doesn't ask", async () => {
    await writeFile(
      join(folder, "agent.mjs"),
      'import { writeFileSync } from "node:fs"; export default () => writeFileSync(process.env.RUN_SEEN, "ran");',
    );
    const worker = await run({ HANDLER: "./agent.mjs" });
    await server.client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "{}" }));
    await eventually(
      () => readFile(seen, "utf8").catch(() => ""),
      (found) => found !== "",
    );
    worker.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
    expect(sts.asked).toEqual([]);
  }, 60_000);

  test("lets a program's message wait, and says why, while the role can't be assumed", async () => {
    sts.answer = refused(403, "AccessDenied");
    const worker = await run({ HANDLER: "exec:./agent", LOG_LEVEL: "debug" });
    await server.client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "{}" }));
    await worker.says(
      /sts:AssumeRole of arn:aws:iam::000000000000:role\/photos: AccessDenied: said STS.*message deferred/,
    );
    worker.kill("SIGTERM");
    await worker.exited;
  }, 60_000);
});
