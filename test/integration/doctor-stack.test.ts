import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { command, killCommands } from "../support/command.js";
import { FakeEcsAgent } from "../support/ecs-agent.js";
import { QueueServer } from "../support/fauxqs-server.js";
import { type PeerAnswer, type PeerRequest, startPeer } from "../support/http-peer.js";

const DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/orders:7";

let server: QueueServer;
let queueUrl: string;
let folder: string;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await QueueServer.start();
  const dead = await server.queue("stack-dlq", { MessageRetentionPeriod: "1209600" });
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await server.arnOf(dead), maxReceiveCount: 5 });
  queueUrl = await server.queue("stack", { RedrivePolicy });
});
afterAll(() => server.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-stack-"));
  await writeFile(join(folder, "agent.mjs"), "export default async () => {};");
});
afterEach(async () => {
  await killCommands();
  for (const each of opened.splice(0)) await each.close();
  await rm(folder, { recursive: true });
});

const denied: PeerAnswer = { status: 400, json: { __type: "AccessDeniedException", message: "not authorized" } };

/** AWS and the metadata endpoint of a task, of a service with one worker beside a collector. */
function aws(changes: { stopTimeout?: number; denied?: RegExp } = {}) {
  const answers: Record<string, unknown> = {
    DescribeServices: {
      services: [{ serviceName: "orders", taskDefinition: DEFINITION, desiredCount: 2, runningCount: 2 }],
    },
    DescribeTaskDefinition: {
      taskDefinition: {
        cpu: "512",
        containerDefinitions: [
          { name: "collector", essential: true },
          {
            name: "worker",
            essential: true,
            stopTimeout: changes.stopTimeout ?? 120,
            environment: [{ name: "SQS_QUEUE_URL", value: queueUrl }],
          },
        ],
      },
    },
    DescribeScalableTargets: { ScalableTargets: [{ MaxCapacity: 200 }] },
    GetServiceQuota: { Quota: { Value: 100 } },
    GetAWSDefaultServiceQuota: { Quota: { Value: 5000 } },
  };
  return (request: PeerRequest): PeerAnswer => {
    const call = request.target?.split(".").at(-1);
    if (call && changes.denied?.test(call)) return denied;
    if (request.json.QuotaCode === "L-9EF96962" && call === "GetServiceQuota") {
      return { status: 400, json: { __type: "NoSuchResourceException", message: "never asked for" } };
    }
    if (call) return { json: answers[call] ?? {} };
    if (request.url.endsWith("/task")) {
      return {
        json: {
          Cluster: "agents",
          ServiceName: "orders",
          TaskARN: "arn:aws:ecs:eu-west-1:123456789012:task/agents/1",
          Family: "orders",
          Revision: "7",
        },
      };
    }
    return { json: { Name: "worker" } };
  };
}

async function doctor(answer: (request: PeerRequest) => PeerAnswer, env = {}, ...args: string[]) {
  const peer = await startPeer(answer);
  opened.push(peer);
  const { code, stdout } = await command(["doctor", "--json", ...args], {
    cwd: folder,
    env: {
      ...server.env,
      SQS_QUEUE_URL: queueUrl,
      HANDLER: "./agent.mjs",
      METRICS: "off",
      AWS_ENDPOINT_URL_ECS: peer.url,
      AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: peer.url,
      AWS_ENDPOINT_URL_SERVICE_QUOTAS: peer.url,
      ...(args.includes("--service") ? {} : { ECS_CONTAINER_METADATA_URI_V4: peer.url }),
      ...env,
    },
  });
  if (code === 64) return { code, refusal: stdout, lines: [], budgets: [], requests: peer.requests };
  const { findings } = JSON.parse(stdout) as { findings: { level: string; about: string; text: string }[] };
  const linesOf = (of: (finding: (typeof findings)[number]) => boolean) =>
    findings.filter(of).map(({ level, text }) => `${level}: ${text}`);
  const lines = linesOf(({ about, text }) => /stop timeout|tasks|deployments/.test(about) || /ecs:/.test(text));
  const budgets = linesOf(({ about }) => about === "budgets");
  return { code, refusal: "", lines, budgets, requests: peer.requests };
}

describe("doctor", () => {
  test("reads a named service from outside, and refuses a drain longer than its stopTimeout", async () => {
    const { code, lines, requests } = await doctor(aws({ stopTimeout: 60 }), {}, "--service", "agents/orders");
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^warn: agents may take 15 min, a stop waits 110 s/),
      "bad: ECS kills container worker of agents/orders 60 s after SIGTERM, before its drain of up to 110 s has ended",
      "ok: 200 tasks, the ceiling of agents/orders, fit the account's quotas with 100 of 100 on-demand vCPUs",
    ]);
    expect(requests.find(({ target }) => target?.endsWith("DescribeTaskDefinition"))?.json).toEqual({
      taskDefinition: DEFINITION,
    });
    expect(requests.find(({ target }) => target?.endsWith("DescribeScalableTargets"))?.json).toEqual({
      ServiceNamespace: "ecs",
      ResourceIds: ["service/agents/orders"],
    });
  }, 30_000);

  test("holds budgets against the ceiling of the service, and against --tasks where that is typed", async () => {
    const env = { BUDGETS: "openai=600/min*30", USES: "openai", HANDLER: "exec:true", HANDLER_TIMEOUT_SECONDS: "60" };
    const budgets = async (...args: string[]) =>
      (await doctor(aws(), env, "--service", "agents/orders", ...args)).budgets;
    expect(await budgets()).toEqual([
      "warn: openai: each of 200 tasks lets one run, so 200 may run at once, and not 30",
      "warn: openai: of 10 slots × 200 tasks (the ceiling of agents/orders) no more than 30 can ever be used (at most 30 at once)",
    ]);
    expect(await budgets("--tasks", "3")).toEqual([
      "ok: openai: 10 slots × 3 tasks (--tasks) are all used only by agents of 3 s or longer",
    ]);
  }, 30_000);

  test("reads the own task on ECS, tries the right to protect it, and leaves its protection as it was", async () => {
    const agent = await FakeEcsAgent.start();
    opened.push(agent);
    const { code, lines } = await doctor(
      aws(),
      { ECS_AGENT_URI: agent.uri, HANDLER_TIMEOUT_SECONDS: "60" },
      "--deployments-per-day",
      "3",
    );
    expect(lines).toEqual([
      "ok: ecs:DescribeServices on the own service",
      "ok: 110 s is enough for every agent (60 s)",
      "ok: 3 deployments a day interrupt no agent: each ends (60 s) within the drain (110 s)",
      "ok: ECS kills container worker of agents/orders 120 s after SIGTERM, its drain takes 110 s at most",
      "ok: 200 tasks, the ceiling of agents/orders, fit the account's quotas with 100 of 100 on-demand vCPUs",
      "ok: ecs:GetTaskProtection on the own task",
      "ok: ecs:UpdateTaskProtection on the own task",
    ]);
    expect(code).toBe(0);
    expect(agent.protected).toBe(false);
  }, 30_000);

  test("tells what the role may not, and goes on", async () => {
    const agent = await FakeEcsAgent.start();
    opened.push(agent);
    agent.mood = "denied";
    const refused = aws({ denied: /TaskDefinition|Scalable|Quota/ });
    const { code, lines } = await doctor(refused, { ECS_AGENT_URI: agent.uri, HANDLER_TIMEOUT_SECONDS: "60" });
    expect(code).toBe(1);
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(
        /^warn: the task definition of agents\/orders could not be read \(AccessDeniedException: not authorized\)/,
      ),
      expect.stringMatching(/^warn: how many tasks agents\/orders may have could not be read/),
      expect.stringMatching(/^bad: ecs:GetTaskProtection on the own task is denied/),
      expect.stringMatching(/^bad: ecs:UpdateTaskProtection on the own task is denied/),
    ]);
  }, 30_000);

  test("names a service that isn't there", async () => {
    const { lines } = await doctor(
      () => ({ json: { services: [], failures: [{ reason: "MISSING" }] } }),
      {},
      "--service",
      "agents/gone",
    );
    expect(lines[1]).toMatch(
      /^warn: the task definition of agents\/gone could not be read \(there is no service gone in cluster agents\)/,
    );
  }, 30_000);

  test("refuses a service that is none, and an odd number of deployments", async () => {
    expect(await doctor(aws(), {}, "--service", "orders")).toMatchObject({
      code: 64,
      refusal: expect.stringContaining("--service must be CLUSTER/SERVICE, got"),
    });
    expect(await doctor(aws(), {}, "--deployments-per-day", "0")).toMatchObject({
      code: 64,
      refusal: expect.stringContaining("between 1 and 1000"),
    });
  }, 30_000);
});
