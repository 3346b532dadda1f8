import { sdkOptions } from "../wire/sdk-options.js";

/** A page is waited for by people. */
const PATIENCE = { attempts: 2, connectTimeoutMs: 2_000, requestTimeoutMs: 5_000 };
/** DescribeTasks takes at most as many. */
const DESCRIBED_MAX = 100;

/** The private addresses of a service's running tasks. Rejects as the SDK does. */
export async function ecsTaskAddresses(cluster: string, service: string, signal: AbortSignal): Promise<string[]> {
  const { DescribeTasksCommand, ECSClient, paginateListTasks } = await import("@aws-sdk/client-ecs");
  const client = new ECSClient(await sdkOptions({}, PATIENCE));
  try {
    const arns: string[] = [];
    const pages = paginateListTasks({ client }, { cluster, serviceName: service, desiredStatus: "RUNNING" });
    for await (const { taskArns = [] } of pages) {
      arns.push(...taskArns);
      signal.throwIfAborted();
    }
    const addresses: string[] = [];
    for (let at = 0; at < arns.length; at += DESCRIBED_MAX) {
      const tasks = arns.slice(at, at + DESCRIBED_MAX);
      const described = await client.send(new DescribeTasksCommand({ cluster, tasks }), { abortSignal: signal });
      for (const { containers = [] } of described.tasks ?? []) {
        const address = containers.flatMap(({ networkInterfaces = [] }) => networkInterfaces)[0]?.privateIpv4Address;
        if (address) addresses.push(address);
      }
    }
    return addresses;
  } finally {
    client.destroy();
  }
}
