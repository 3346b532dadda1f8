import { afterEach, describe, expect, test } from "@jest/globals";
import { EcsTaskGuard } from "../../../../src/aws/ecs/task-protection.js";
import { type AgentMood, FakeEcsAgent } from "../../../support/ecs-agent.js";

const never = new AbortController().signal;
const opened: FakeEcsAgent[] = [];
afterEach(async () => {
  for (const agent of opened.splice(0)) await agent.close();
});

async function setup(mood: AgentMood = "well") {
  const agent = await FakeEcsAgent.start();
  opened.push(agent);
  agent.mood = mood;
  return { agent, guard: EcsTaskGuard.of({ ECS_AGENT_URI: agent.uri })! };
}

describe("The guard of an ECS task", () => {
  test("protects the task for minutes, and releases it", async () => {
    const { agent, guard } = await setup();
    await guard.protect(10, never);
    expect(agent.protected).toBe(true);
    await guard.release(never);
    expect(agent.protected).toBe(false);
    expect(agent.puts).toEqual([{ ProtectionEnabled: true, ExpiresInMinutes: 10 }, { ProtectionEnabled: false }]);
  });

  test("tells what holds", async () => {
    const { guard } = await setup();
    expect(await guard.state(never)).toEqual({ enabled: false, expiresAt: undefined });
    await guard.protect(10, never);
    const { enabled, expiresAt } = await guard.state(never);
    expect([enabled, Math.round((expiresAt!.getTime() - Date.now()) / 60_000)]).toEqual([true, 10]);
  });

  test("isn't there outside ECS", () => {
    expect(EcsTaskGuard.of({})).toBeUndefined();
    expect(EcsTaskGuard.of({ ECS_AGENT_URI: "" })).toBeUndefined();
  });

  test.each([
    ["blocked", "blocked", /DEPLOYMENT_BLOCKED/],
    ["standalone", "impossible", /TASK_NOT_VALID/],
    ["throttled", "throttled", /answered 400: ThrottlingException: Rate exceeded/],
    ["denied", "denied", /not authorized to perform: ecs:UpdateTaskProtection/],
    ["noRole", "denied", /answered 403: .*no task IAM role/],
    ["noAnswerFromEcs", "unreachable", /answered 504: RequestCanceled/],
  ] as const)("says what the trouble is: %s", async (mood, trouble, message) => {
    const { guard } = await setup(mood);
    const refusal = { name: "ProtectionError", trouble, message: expect.stringMatching(message), retryAfterMs: 0 };
    await expect(guard.protect(10, never)).rejects.toMatchObject(refusal);
    await expect(guard.release(never)).rejects.toMatchObject(refusal);
    await expect(guard.state(never)).rejects.toMatchObject(refusal);
  });

  test("heeds the agent's own limit, whose answer is no JSON", async () => {
    const { guard } = await setup();
    const asked = await Promise.allSettled(Array.from({ length: 100 }, () => guard.state(never)));
    const refused = asked.flatMap((each) => (each.status === "rejected" ? [each.reason as Error] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const reason of refused) expect(reason).toMatchObject({ trouble: "throttled" });
  });

  test("reads for how long to wait where that is told, and believes no more than a quarter of an hour", async () => {
    const { agent, guard } = await setup("throttled");
    agent.retryAfter = 30;
    await expect(guard.protect(10, never)).rejects.toMatchObject({ retryAfterMs: 30_000 });
    agent.retryAfter = 86_400;
    await expect(guard.protect(10, never)).rejects.toMatchObject({ retryAfterMs: 900_000 });
  });

  test("rejects when the connection breaks, and ends with its signal when nobody answers", async () => {
    const { agent, guard } = await setup("broken");
    await expect(guard.protect(10, never)).rejects.toThrow();
    agent.mood = "silent";
    await expect(guard.protect(10, AbortSignal.timeout(50))).rejects.toThrow(/timeout/);
  });

  test("takes a wrong container for trouble that may pass", async () => {
    const { agent } = await setup();
    const guard = new EcsTaskGuard(agent.uri.replace(/[^/]+$/, "nobody"));
    await expect(guard.protect(10, never)).rejects.toMatchObject({ trouble: "unreachable" });
  });
});
