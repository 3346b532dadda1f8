import { afterEach, describe, expect, test } from "@jest/globals";
import { EcsFleet, readEcsTask } from "../../../../src/aws/ecs/ecs-task.js";
import type { Fact } from "../../../../src/pipeline/ports/telemetry.js";
import { type PeerAnswer, type PeerRequest, startPeer } from "../../../support/http-peer.js";

const never = new AbortController().signal;
const taskArn = "arn:aws:ecs:eu-west-1:123456789012:task/agents/0123456789abcdef";
const metadata = {
  Cluster: "agents",
  ServiceName: "task-agent",
  TaskARN: taskArn,
  AvailabilityZone: "eu-west-1a",
  Limits: { CPU: 0.5, Memory: 1024 },
};
const service = { services: [{ desiredCount: 12, runningCount: 9 }], failures: [] };

const opened: { close(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function setup(
  answers: { task?: PeerAnswer; ecs?: (request: PeerRequest) => PeerAnswer | undefined } = {},
  env?: Record<string, string>,
  services?: number,
) {
  const peer = await startPeer((request) =>
    request.target === undefined
      ? (answers.task ?? { json: metadata })
      : (answers.ecs ?? (() => ({ json: service })))(request),
  );
  const facts: Fact[] = [];
  const fleet = new EcsFleet({
    env: env ?? { ECS_CONTAINER_METADATA_URI_V4: `${peer.url}/v4/abc` },
    endpoint: peer.url,
    credentials: async () => ({ accessKeyId: "key", secretAccessKey: "secret" }),
    telemetry: (fact) => facts.push(fact),
    ...(services !== undefined && { services }),
  });
  opened.push(fleet, peer);
  return { peer, fleet, facts };
}

describe("EcsFleet", () => {
  test("tells the tasks that the own service wants and runs", async () => {
    const { peer, fleet } = await setup();
    expect(await fleet.read(never)).toEqual({ desired: 12, running: 9 });
    expect(peer.requests.map(({ url, target, json }) => [url, target, json])).toEqual([
      ["/v4/abc/task", undefined, {}],
      ["/", "AmazonEC2ContainerServiceV20141113.DescribeServices", { cluster: "agents", services: ["task-agent"] }],
    ]);
  });

  test("counts as many tasks for each of the services that share the queue", async () => {
    const { fleet } = await setup({}, undefined, 3);
    expect(await fleet.read(never)).toEqual({ desired: 36, running: 27 });
  });

  test("reads the metadata once and asks the service each time", async () => {
    const { peer, fleet } = await setup();
    for (let each = 0; each < 3; each++) await fleet.read(never);
    expect(peer.requests.filter(({ target }) => target === undefined)).toHaveLength(1);
    expect(peer.requests).toHaveLength(4);
  });

  test("knows nothing outside ECS, and makes no call", async () => {
    const { peer, fleet } = await setup({}, {});
    expect(await fleet.read(never)).toBeUndefined();
    expect(peer.requests).toEqual([]);
  });

  test("asks ECS once for the service that the metadata don't name", async () => {
    const { peer, fleet } = await setup({
      task: { json: { ...metadata, ServiceName: undefined } },
      ecs: ({ target }) => ({
        json: target?.endsWith("DescribeTasks") ? { tasks: [{ taskArn, group: "service:task-agent" }] } : service,
      }),
    });
    for (let each = 0; each < 2; each++) expect(await fleet.read(never)).toEqual({ desired: 12, running: 9 });
    expect(peer.requests.map(({ target, json }) => [target?.split(".")[1], json])).toEqual([
      [undefined, {}],
      ["DescribeTasks", { cluster: "agents", tasks: [taskArn] }],
      ["DescribeServices", { cluster: "agents", services: ["task-agent"] }],
      ["DescribeServices", { cluster: "agents", services: ["task-agent"] }],
    ]);
  });

  test("knows nothing of a task without a service, and asks no more", async () => {
    const { peer, fleet } = await setup({
      task: { json: { ...metadata, ServiceName: undefined } },
      ecs: () => ({ json: { tasks: [{ taskArn, group: "family:task-agent" }] } }),
    });
    for (let each = 0; each < 3; each++) expect(await fleet.read(never)).toBeUndefined();
    expect(peer.requests).toHaveLength(2);
  });

  test("asks the metadata endpoint again when it was sick", async () => {
    const answers = { task: { status: 500, json: {} } as PeerAnswer };
    const { fleet } = await setup(answers);
    await expect(fleet.read(never)).rejects.toThrow("answered 500");
    answers.task = { json: metadata };
    expect(await fleet.read(never)).toEqual({ desired: 12, running: 9 });
  });

  test("knows nothing of a service that is gone", async () => {
    const gone = await setup({ ecs: () => ({ json: { services: [], failures: [{ reason: "MISSING" }] } }) });
    expect(await gone.fleet.read(never)).toBeUndefined();
  });

  test("asks no more for a while when the role may not, and tells so once", async () => {
    const { peer, fleet, facts } = await setup({
      ecs: () => ({ status: 400, json: { __type: "AccessDeniedException", message: "not authorized" } }),
    });
    for (let each = 0; each < 3; each++) expect(await fleet.read(never)).toBeUndefined();
    expect(peer.requests).toHaveLength(2);
    expect(facts).toEqual([
      { kind: "warning", text: expect.stringContaining("may not ask ECS"), error: expect.any(Error) },
    ]);
  });

  test("rejects after one attempt when it is throttled", async () => {
    const { peer, fleet } = await setup({
      ecs: () => ({ status: 400, json: { __type: "ThrottlingException", message: "Rate exceeded" } }),
    });
    await expect(fleet.read(never)).rejects.toThrow("Rate exceeded");
    expect(peer.requests).toHaveLength(2);
  });
});

describe("the task's metadata", () => {
  test("name cluster, service, task and limits", async () => {
    const peer = await startPeer(() => ({ json: metadata }));
    opened.push(peer);
    expect(await readEcsTask({ ECS_CONTAINER_METADATA_URI_V4: peer.url })).toEqual({
      cluster: "agents",
      serviceName: "task-agent",
      taskArn,
      availabilityZone: "eu-west-1a",
      vcpus: 0.5,
      memoryMiB: 1024,
    });
  });

  test("are refused when they name no task, or when the endpoint is sick", async () => {
    const odd = await startPeer(() => ({ json: {} }));
    const sick = await startPeer(() => ({ status: 500, json: {} }));
    opened.push(odd, sick);
    await expect(readEcsTask({ ECS_CONTAINER_METADATA_URI_V4: odd.url })).rejects.toThrow("names no cluster");
    await expect(readEcsTask({ ECS_CONTAINER_METADATA_URI_V4: sick.url })).rejects.toThrow("answered 500");
  });
});
