import { describe, expect, test } from "@jest/globals";
import type { StackReport } from "../../../../src/aws/ecs/service-stack.js";
import { type AgentUses, budgetFindings, type Fleet, fleetOf } from "../../../../src/cli/doctor/budgets.js";
import { loadConfig } from "../../../../src/config/config.js";

const config = (env: Record<string, string>) =>
  loadConfig({
    SQS_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks",
    HANDLER: "./agent.mjs",
    HANDLER_TIMEOUT_SECONDS: "60",
    ...env,
  });
const fleet = (tasks: number, slotsOfTask = 10): Fleet => ({ tasks, slotsOfTask, saidBy: "--tasks" });
const lines = (env: Record<string, string>, of: Fleet, uses?: AgentUses) =>
  budgetFindings(config(env), of, uses).map(
    ({ level, text, advice }) => `${level}: ${text}${advice ? ` → ${advice}` : ""}`,
  );

describe("Budgets", () => {
  test("aren't spoken of where there are none", () => {
    expect(lines({}, fleet(50))).toEqual([]);
  });

  test("say how long agents must be for all slots to be used", () => {
    expect(lines({ BUDGETS: "openai=600/min", USES: "openai" }, fleet(3))).toEqual([
      "ok: openai: 10 slots × 3 tasks (--tasks) are all used only by agents of 3 s or longer",
    ]);
  });

  test("count what a message takes", () => {
    const env = { BUDGETS: "openai.tokens=600/min", USES: "openai.tokens=5" };
    expect(lines(env, fleet(3))).toEqual([
      "ok: openai.tokens: 10 slots × 3 tasks (--tasks) are all used only by agents of 15 s or longer",
    ]);
    expect(lines({ ...env, USES: "openai.tokens=50" }, fleet(3))).toEqual([
      "warn: openai.tokens: of 10 slots × 3 tasks (--tasks) no more than 12 can ever be used (12/min begin, and agents may take 60 s) → a fleet of 2 is enough: lower the ceiling, or ask the provider for more",
    ]);
  });

  test("are exact about the slot that is one too many", () => {
    // 10 a second for 60 s.
    const env = { BUDGETS: "openai=600/min", USES: "openai" };
    expect(lines(env, fleet(60))).toEqual([expect.stringMatching(/^ok: .* agents of 60 s or longer$/)]);
    expect(lines(env, fleet(61))).toEqual([
      "warn: openai: of 10 slots × 61 tasks (--tasks) no more than 600 can ever be used (10/s begin, and agents may take 60 s) → a fleet of 60 is enough: lower the ceiling, or ask the provider for more",
    ]);
  });

  test("warn of slots beyond the runs at once, of one task and of several", () => {
    const env = { BUDGETS: "openai=600/min*20", USES: "openai" };
    expect(lines(env, fleet(2))).toEqual([expect.stringMatching(/^ok: openai: 10 slots × 2 tasks/)]);
    expect(lines(env, fleet(4))).toEqual([
      "warn: openai: of 10 slots × 4 tasks (--tasks) no more than 20 can ever be used (at most 20 at once) → a fleet of 2 is enough: lower the ceiling, or ask the provider for more",
    ]);
    const one: Fleet = { tasks: 1, slotsOfTask: 30, saidBy: undefined };
    expect(lines(env, one)).toEqual([
      "warn: openai: of 30 slots of one task (--tasks N counts the fleet) no more than 20 can ever be used (at most 20 at once) → lower CONCURRENCY to 20, or ask the provider for more",
    ]);
  });

  test("warn of more tasks than runs at once, since each task has one at least", () => {
    expect(lines({ BUDGETS: "openai=600/min*8", USES: "openai" }, fleet(10, 1))).toEqual([
      "warn: openai: each of 10 tasks lets one run, so 10 may run at once, and not 8 → set the ceiling to 8 tasks or less",
      expect.stringMatching(/^warn: openai: of 1 slot × 10 tasks \(--tasks\) no more than 8 can ever be used/),
    ]);
  });

  test.each<[string, Record<string, string>, AgentUses | undefined]>([
    ["an amount of 0 in USES", { USES: "openai=0" }, undefined],
    ["a function of the module's", {}, { openai: () => 500 }],
  ])("leave the rate alone that only agents know: %s", (_, env, uses) => {
    const told = (BUDGETS: string) => lines({ BUDGETS, ...env }, fleet(4), uses);
    expect(told("openai=1/h")).toEqual([
      "ok: openai: only agents know what they take of it; how many of 10 slots × 4 tasks (--tasks) that fills can't be said",
    ]);
    expect(told("openai=1/h*8")).toEqual([expect.stringMatching(/^warn: .* no more than 8 can ever be used/)]);
  });

  test("take a module's own numbers, and find those that nothing uses", () => {
    const env = { BUDGETS: "openai=600/min, crm=20/s" };
    expect(lines(env, fleet(3), { openai: 2 })).toEqual([
      "ok: openai: 10 slots × 3 tasks (--tasks) are all used only by agents of 6 s or longer",
      "bad: crm: nothing uses it → name it in USES, or in uses of defineHandler; run would end with exit code 78",
    ]);
    expect(lines(env, fleet(3))).toEqual([
      expect.stringMatching(/^bad: openai: nothing/),
      expect.stringMatching(/^bad: crm: nothing/),
    ]);
  });
});

describe("The fleet", () => {
  const stack = (changes: Partial<StackReport> = {}): StackReport => ({
    about: "agents/orders",
    container: { ok: true, value: { name: "worker", stopTimeoutSeconds: 120, environment: {}, vcpus: 1 } },
    size: { ok: true, value: { desired: 2, ceiling: 100, onDemandBase: 1, spotShare: 0 } },
    quotas: undefined,
    trials: [],
    ...changes,
  });

  test("is one task where nobody says more", () => {
    expect(fleetOf(config({}), undefined, undefined)).toEqual({ tasks: 1, slotsOfTask: 10, saidBy: undefined });
    const denied = { ok: false, denied: true, detail: "AccessDenied" } as const;
    expect(fleetOf(config({}), undefined, stack({ size: denied }))).toMatchObject({ tasks: 1, saidBy: undefined });
  });

  test("has the ceiling of its service, or what it wants where nothing scales it", () => {
    const fleet = fleetOf(config({ CONCURRENCY: "20" }), undefined, stack());
    expect(fleet).toEqual({ tasks: 100, slotsOfTask: 20, saidBy: "the ceiling of agents/orders" });
    const size = { ok: true, value: { desired: 2, ceiling: undefined, onDemandBase: 1, spotShare: 0 } } as const;
    const unscaled = fleetOf(config({}), undefined, stack({ size }));
    expect(unscaled).toMatchObject({ tasks: 2, saidBy: "what agents/orders wants" });
  });

  test("has the slots that the task definition sets, and all services on the queue", () => {
    const environment = { CONCURRENCY: "5", FLEET_SERVICES: "3" };
    const container = { ok: true, value: { name: "worker", stopTimeoutSeconds: 120, environment, vcpus: 1 } } as const;
    const fleet = fleetOf(config({ CONCURRENCY: "20" }), undefined, stack({ container }));
    expect(fleet).toEqual({ tasks: 300, slotsOfTask: 5, saidBy: "the ceiling of agents/orders, times 3 services" });
  });

  test("is what is typed, whatever the stack says", () => {
    expect(fleetOf(config({}), 7, stack())).toEqual({ tasks: 7, slotsOfTask: 10, saidBy: "--tasks" });
  });
});
