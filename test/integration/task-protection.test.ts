import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { killCommands, RunningCommand } from "../support/command.js";
import { type AgentMood, FakeEcsAgent } from "../support/ecs-agent.js";
import { eventually } from "../support/eventually.js";
import { QueueServer } from "../support/fauxqs-server.js";

const AGENT = `
  import { setTimeout as sleep } from "node:timers/promises";
  export default async ({ body }, { log, signal }) => {
    log.info("began " + body);
    if (body === "long") await sleep(6_000);
    if (body === "endless") await sleep(600_000, undefined, { signal });
  };`;

let server: QueueServer;
let ecs: FakeEcsAgent;
let queueUrl: string;
let name: string;
let folder: string;

beforeAll(async () => {
  server = await QueueServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  ecs = await FakeEcsAgent.start();
  name = `queue-${Math.random().toString(36).slice(2)}`;
  folder = await mkdtemp(join(tmpdir(), "queuehand-protection-"));
  await writeFile(join(folder, "agent.mjs"), AGENT);
});
afterEach(async () => {
  await killCommands();
  await ecs.close();
  await rm(folder, { recursive: true });
});

async function worker(env = {}, maxReceiveCount = 5): Promise<RunningCommand> {
  const dead = await server.queue(`${name}-dlq`);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await server.arnOf(dead), maxReceiveCount });
  queueUrl = await server.queue(name, { RedrivePolicy });
  return new RunningCommand(["run"], {
    cwd: folder,
    env: {
      ...server.env,
      SQS_QUEUE_URL: queueUrl,
      HANDLER: "./agent.mjs",
      METRICS: "off",
      HTTP_PORT: "off",
      POLL_INTERVAL_SECONDS: "1",
      ECS_AGENT_URI: ecs.uri,
      ...env,
    },
  });
}

const isProtected = async () => ecs.protected;

describe("A worker on ECS", () => {
  test("protects its task while an agent runs; a SIGTERM still drains, and the protection ends with the work", async () => {
    const running = await worker();
    server.server.sendMessage(name, "long");
    await running.says(/began long/);
    await eventually(isProtected, Boolean, 10_000);
    running.kill("SIGTERM");
    await running.says(/draining/);
    expect(ecs.protected).toBe(true);
    expect(await running.exited).toBe(0);
    expect(ecs.protected).toBe(false);
    expect(ecs.puts).toEqual([{ ProtectionEnabled: true, ExpiresInMinutes: 10 }, { ProtectionEnabled: false }]);
    expect(await server.messages(queueUrl)).toEqual([]);
  }, 30_000);

  test.each<[AgentMood, RegExp]>([
    ["blocked", /"trouble":"blocked".*DEPLOYMENT_BLOCKED/],
    ["throttled", /"trouble":"throttled"/],
    ["silent", /"trouble":"unreachable"/],
    ["broken", /"trouble":"unreachable"/],
  ])(
    "works on when the endpoint is %s, and warns once",
    async (mood, warning) => {
      ecs.mood = mood;
      const running = await worker();
      server.server.sendMessage(name, "endless");
      await running.says(/began endless/);
      for (let message = 0; message < 20; message++) server.server.sendMessage(name, `short ${message}`);
      await running.says(warning);
      await eventually(
        async () => running.stdout.match(/began short/g)?.length,
        (count) => count === 20,
        10_000,
      );
      running.kill("SIGKILL");
      await running.exited;
      expect(running.stdout.match(/could not be protected/g)).toHaveLength(1);
    },
    30_000,
  );

  test("asks for nothing with TASK_PROTECTION=off", async () => {
    const running = await worker({ TASK_PROTECTION: "off" });
    server.server.sendMessage(name, "long");
    await running.says(/began long/);
    running.kill("SIGTERM");
    expect(await running.exited).toBe(0);
    expect(ecs.puts).toEqual([]);
  }, 30_000);

  test("warns when a stop leaves a message one receive from the dead letters", async () => {
    const running = await worker({ SHUTDOWN_TIMEOUT_SECONDS: "3" }, 2);
    server.server.sendMessage(name, "endless");
    await running.says(/began endless/);
    running.kill("SIGTERM");
    await running.says(/interrupted at receive 1 of 2/);
    expect(await running.exited).toBe(75);
  }, 30_000);
});
