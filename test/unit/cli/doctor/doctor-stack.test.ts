import { describe, expect, test } from "@jest/globals";
import type { StackReport } from "../../../../src/aws/ecs/service-stack.js";
import type { QueueAttributes } from "../../../../src/aws/sqs/queue-attributes.js";
import { deploymentFindings } from "../../../../src/cli/doctor/deployments.js";
import { serviceNamed, stackFindings } from "../../../../src/cli/doctor/stack.js";
import { loadConfig } from "../../../../src/config/config.js";

const config = (env: Record<string, string> = {}) =>
  loadConfig({
    SQS_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks",
    HANDLER: "./agent.mjs",
    ...env,
  });

const CONTAINER = { name: "worker", stopTimeoutSeconds: 120, environment: {}, vcpus: 1 };
const SIZE = { desired: 2, ceiling: 100, onDemandBase: 1, spotShare: 0 };
const QUOTAS = { tasksPerService: 5000, onDemandVcpus: 500, spotVcpus: 500 };

function report(changes: Partial<StackReport> = {}): StackReport {
  return {
    about: "agents/orders",
    container: { ok: true, value: CONTAINER },
    size: { ok: true, value: SIZE },
    quotas: { ok: true, value: QUOTAS },
    trials: [],
    ...changes,
  };
}
const lines = (changes: Partial<StackReport> = {}, env = {}) =>
  stackFindings(config(env), report(changes)).map(({ level, about, text }) => `${level}: ${about}: ${text}`);
const stopTimeout = (stopTimeoutSeconds: number | undefined, environment = {}, env = {}) =>
  stackFindings(
    config(env),
    report({ container: { ok: true, value: { ...CONTAINER, stopTimeoutSeconds, environment } } }),
  )[0]!;

describe("The stack", () => {
  test("fits as the templates make it", () => {
    expect(lines()).toEqual([
      "ok: stop timeout: ECS kills container worker of agents/orders 120 s after SIGTERM, its drain takes 110 s at most",
      "ok: tasks: 100 tasks, the ceiling of agents/orders, fit the account's quotas with 100 of 500 on-demand vCPUs",
    ]);
  });

  test("isn't spoken of where there is none", () => {
    expect(stackFindings(config(), undefined)).toEqual([]);
  });

  test("does not fit when ECS kills before the drain has ended", () => {
    expect(stopTimeout(60)).toEqual({
      level: "bad",
      about: "stop timeout",
      text: "ECS kills container worker of agents/orders 60 s after SIGTERM, before its drain of up to 110 s has ended",
      advice: "set its stopTimeout to 115 or more (120 at most), or SHUTDOWN_TIMEOUT_SECONDS to 55 or less",
    });
    expect(stopTimeout(undefined)).toMatchObject({
      level: "bad",
      text: expect.stringContaining("30 s after SIGTERM (ECS's default"),
    });
  });

  test("warns when nothing is left after the drain", () => {
    expect(stopTimeout(112)).toMatchObject({ level: "warn", text: expect.stringMatching(/2 s are left to end$/) });
    expect(stopTimeout(115).level).toBe("ok");
    expect(stopTimeout(116, {}, { SHUTDOWN_TIMEOUT_SECONDS: "115" })).toMatchObject({
      level: "warn",
      advice: "set its stopTimeout to 120 or more (120 at most), or SHUTDOWN_TIMEOUT_SECONDS to 111 or less",
    });
  });

  test("is judged by the drain that the task definition sets, not by ours", () => {
    expect(stopTimeout(60, { SHUTDOWN_TIMEOUT_SECONDS: "25" }).level).toBe("ok");
    expect(stopTimeout(60, { SHUTDOWN_TIMEOUT_SECONDS: "85" }, { SHUTDOWN_TIMEOUT_SECONDS: "30" }).level).toBe("bad");
  });

  test("does not fit when its ceiling needs more than the account has, and says how to ask for it", () => {
    const findings = stackFindings(config(), report({ quotas: { ok: true, value: { ...QUOTAS, onDemandVcpus: 6 } } }));
    expect(findings[1]).toEqual({
      level: "bad",
      about: "tasks",
      text: "100 tasks, the ceiling of agents/orders, need 100 Fargate On-Demand vCPUs, the account has 6",
      advice: expect.stringContaining("--quota-code L-3032A538 --desired-value 100"),
    });
  });

  test("counts Spot apart, and every quota that is too small", () => {
    const size = { ok: true, value: { desired: 0, ceiling: 6_001, onDemandBase: 1, spotShare: 0.75 } } as const;
    expect(lines({ size }).slice(1)).toEqual([
      "bad: tasks: 6001 tasks, the ceiling of agents/orders, need 6001 tasks of a service, the account has 5000",
      "bad: tasks: 6001 tasks, the ceiling of agents/orders, need 1501 Fargate On-Demand vCPUs, the account has 500",
      "bad: tasks: 6001 tasks, the ceiling of agents/orders, need 4500 Fargate Spot vCPUs, the account has 500",
    ]);
  });

  test("takes what is wanted now for the ceiling of a service that nothing scales", () => {
    const size = { ok: true, value: { ...SIZE, ceiling: undefined } } as const;
    expect(lines({ size })[1]).toMatch(/^ok: tasks: the 2 tasks that agents\/orders wants \(nothing scales it\) fit/);
  });

  test("warns of what may not be read", () => {
    const denied = { ok: false, denied: true, detail: "AccessDeniedException: no" } as const;
    expect(lines({ container: denied, size: denied, quotas: denied })).toEqual([
      "warn: stop timeout: the task definition of agents/orders could not be read (AccessDeniedException: no): stopTimeout isn't checked",
      "warn: tasks: how many tasks agents/orders may have could not be read (AccessDeniedException: no)",
    ]);
    expect(lines({ quotas: denied })[1]).toMatch(
      /^warn: tasks: 100 tasks, .* could not be held against the account's quotas/,
    );
  });
});

describe("A service", () => {
  test("is named by cluster and name, or by its ARN", () => {
    const expected = { cluster: "agents", service: "orders" };
    expect(serviceNamed("agents/orders")).toEqual(expected);
    expect(serviceNamed("arn:aws:ecs:eu-west-1:123456789012:service/agents/orders")).toEqual(expected);
    expect(serviceNamed(undefined)).toBeUndefined();
  });

  test.each(["orders", "a/b/c", "", "agents/"])("is not named by %j", (typed) => {
    expect(() => serviceNamed(typed)).toThrow(`--service must be CLUSTER/SERVICE, got "${typed}"`);
  });
});

describe("Deployments", () => {
  const queue = (maxReceiveCount: number | undefined) => ({ maxReceiveCount }) as QueueAttributes;
  const said = (perDay: number, count: number | undefined, env = {}) =>
    deploymentFindings(config(env), queue(count), perDay).map(({ level, text }) => `${level}: ${text}`);

  test("interrupt no agent that ends within the drain", () => {
    expect(said(500, 1, { HANDLER_TIMEOUT_SECONDS: "60" })).toEqual([
      "ok: 500 deployments a day interrupt no agent: each ends (60 s) within the drain (110 s)",
    ]);
  });

  test("leave receives for failures, or too few", () => {
    expect(said(2, 5, { TASK_PROTECTION: "off" })).toEqual([
      "ok: 2 deployments a day leave 3 of 5 receives for failures, even if all meet one message",
    ]);
    expect(said(3, 5, { TASK_PROTECTION: "off" })).toEqual([
      "warn: 3 deployments a day can interrupt the same message 3 times, of 5 receives (maxReceiveCount)",
    ]);
    expect(said(1, 2)).toEqual([
      "warn: a deployment a day can interrupt the same message once where task protection doesn't hold them back, of 2 receives (maxReceiveCount)",
    ]);
  });

  test("that come faster than an agent ends never let it end, unless they are held back", () => {
    const env = { HANDLER_TIMEOUT_SECONDS: "21600" };
    expect(said(4, 50, { ...env, TASK_PROTECTION: "off" })).toEqual([
      "bad: 4 deployments a day come every 6 h, an agent may take 6 h: each run may be interrupted",
    ]);
    expect(said(4, 50, env)[0]).toMatch(/^warn: .* where task protection doesn't hold them back$/);
  });

  test("can't be held against what isn't known", () => {
    expect(said(4, undefined)).toEqual([]);
  });
});
