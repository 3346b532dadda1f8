import { describe, expect, test } from "@jest/globals";
import { type AgentMood, FakeEcsAgent } from "../support/ecs-agent.js";
import { eventually } from "../support/eventually.js";
import { RunBundle } from "../support/run-bundle.js";

/** A worker on a queue of its own, beside an ECS agent of its own. */
async function setup({ mood = "well" as AgentMood, env = {}, maxReceiveCount = 5 } = {}) {
  const ecs = await FakeEcsAgent.start();
  ecs.mood = mood;
  const bundle = await RunBundle.start({ maxReceiveCount });
  return {
    ecs,
    bundle,
    running: bundle.run({ ECS_AGENT_URI: ecs.uri, ...env }),
    async [Symbol.asyncDispose]() {
      await bundle[Symbol.asyncDispose]();
      await ecs.close();
    },
  };
}

describe("A worker on ECS", () => {
  test("protects its task while an agent runs; a SIGTERM still drains, and the protection ends with the work", async () => {
    await using worker = await setup();
    const { running, bundle, ecs } = worker;
    bundle.send("long");
    await running.says(/began long/);
    await eventually(async () => ecs.protected, Boolean, 10_000);
    running.kill("SIGTERM");
    await running.says(/draining/);
    expect(ecs.protected).toBe(true);
    expect(await running.exited).toBe(0);
    expect(ecs.protected).toBe(false);
    expect(ecs.puts).toEqual([{ ProtectionEnabled: true, ExpiresInMinutes: 10 }, { ProtectionEnabled: false }]);
    expect(bundle.left).toBe(0);
  }, 30_000);

  test.each<[AgentMood, RegExp]>([
    ["blocked", /"trouble":"blocked".*DEPLOYMENT_BLOCKED/],
    ["throttled", /"trouble":"throttled"/],
    ["silent", /"trouble":"unreachable"/],
    ["broken", /"trouble":"unreachable"/],
  ])(
    "works on when the endpoint is %s, and warns once",
    async (mood, warning) => {
      await using worker = await setup({ mood });
      const { running, bundle } = worker;
      bundle.send("endless");
      await running.says(/began endless/);
      bundle.send(...Array.from({ length: 20 }, (_, message) => `short ${message}`));
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
    await using worker = await setup({ env: { TASK_PROTECTION: "off" } });
    const { running, bundle, ecs } = worker;
    bundle.send("long");
    await running.says(/began long/);
    running.kill("SIGTERM");
    expect(await running.exited).toBe(0);
    expect(ecs.puts).toEqual([]);
  }, 30_000);

  test("warns when a stop leaves a message one receive from the dead letters", async () => {
    await using worker = await setup({ env: { SHUTDOWN_TIMEOUT_SECONDS: "3" }, maxReceiveCount: 2 });
    const { running, bundle } = worker;
    bundle.send("endless");
    await running.says(/began endless/);
    running.kill("SIGTERM");
    await running.says(/interrupted at receive 1 of 2/);
    expect(await running.exited).toBe(75);
  }, 30_000);
});
