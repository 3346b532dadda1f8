import { afterEach, describe, expect, test } from "@jest/globals";
import { EcsTaskGuard } from "../../../../src/aws/ecs/task-protection.js";
import { tryProtection } from "../../../../src/aws/ecs/task-trials.js";
import { FakeEcsAgent } from "../../../support/ecs-agent.js";

const never = new AbortController().signal;
const opened: FakeEcsAgent[] = [];
afterEach(async () => {
  for (const agent of opened.splice(0)) await agent.close();
});

async function setup() {
  const agent = await FakeEcsAgent.start();
  opened.push(agent);
  const guard = new EcsTaskGuard(agent.uri);
  return { agent, guard, verdicts: async () => (await tryProtection(guard, never)).map(({ verdict }) => verdict) };
}

describe("the try of a task's protection", () => {
  test("asks for what ECS refuses, and leaves the task as it was", async () => {
    const { agent, verdicts } = await setup();
    expect(await verdicts()).toEqual(["permitted", "permitted"]);
    expect(agent.protected).toBe(false);
  });

  test("isn't made while the task is protected: elsewhere it might move the protection's end", async () => {
    const { agent, guard, verdicts } = await setup();
    await guard.protect(10, never);
    expect(await verdicts()).toEqual(["permitted", "untried"]);
    expect(agent.puts).toHaveLength(1);
  });

  test("tells a denial of both", async () => {
    const { agent, verdicts } = await setup();
    agent.mood = "denied";
    expect(await verdicts()).toEqual(["denied", "denied"]);
  });

  test("isn't made where what holds can't be read, and so couldn't be put back", async () => {
    const { agent, verdicts } = await setup();
    agent.mood = "noAnswerFromEcs";
    expect(await verdicts()).toEqual(["unknown", "untried"]);
    expect(agent.puts).toEqual([]);
  });
});
