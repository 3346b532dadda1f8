import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const LOOPBACK = "127.0.0.1";
const CLUSTER = "arn:aws:ecs:us-east-1:000000000000:cluster/dev";
const SERVICE = "dev-scale";
const MINUTES_DEFAULT = 120;

export interface EcsEndpointsParts {
  readonly counts: () => { readonly desired: number; readonly running: number };
  /** Seconds for which the task is protected from scale-in and deployments; 0 = no more. */
  readonly protect: (task: number, seconds: number) => void;
  /** Epoch milliseconds of the fleet's clock. */
  readonly wallMs: () => number;
}

/**
 * What a worker asks ECS: the metadata of its task, how many tasks its service wants and runs (DescribeServices), and to
 * protect its task. Loopback only; by it the workers of `dev --scale` learn what they learn on Fargate, by the same code.
 */
export class EcsEndpoints {
  readonly #server: Server;

  private constructor(private readonly parts: EcsEndpointsParts) {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(parts: EcsEndpointsParts): Promise<EcsEndpoints> {
    const endpoints = new EcsEndpoints(parts);
    await new Promise<void>((resolve, reject) => {
      endpoints.#server.once("error", reject).listen({ port: 0, host: LOOPBACK }, resolve);
    });
    return endpoints;
  }

  /** The variables that ECS gives to the containers of a task, and where ECS itself is. */
  environmentOf(task: number): Readonly<Record<string, string>> {
    const origin = `http://${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
    return {
      ECS_CONTAINER_METADATA_URI_V4: `${origin}/metadata/${task}`,
      ECS_AGENT_URI: `${origin}/agent/${task}`,
      AWS_ENDPOINT_URL_ECS: origin,
    };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += chunk;
    const [, room, task = ""] = (request.url ?? "").split("/");
    const arn = `arn:aws:ecs:us-east-1:000000000000:task/dev/${task}`;
    const say = (body: object, status = 200) => {
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
    };
    if (room === "metadata") {
      return say({ Cluster: CLUSTER, ServiceName: SERVICE, TaskARN: arn, Family: SERVICE, Revision: "1" });
    }
    if (room === "agent" && request.method === "PUT")
      return say({ protection: this.#protect(Number(task), arn, text) });
    if (/\.DescribeServices$/.test(String(request.headers["x-amz-target"]))) {
      const { desired, running } = this.parts.counts();
      return say({
        services: [{ serviceName: SERVICE, desiredCount: desired, runningCount: running }],
        failures: [],
      });
    }
    say({ __type: "UnsupportedOperationException", message: "dev --scale answers DescribeServices alone" }, 400);
  }

  #protect(task: number, TaskArn: string, text: string) {
    const { ProtectionEnabled = false, ExpiresInMinutes = MINUTES_DEFAULT } = JSON.parse(text || "{}");
    this.parts.protect(task, ProtectionEnabled ? ExpiresInMinutes * 60 : 0);
    const until = new Date(this.parts.wallMs() + ExpiresInMinutes * 60_000).toISOString();
    return { ProtectionEnabled, ExpirationDate: ProtectionEnabled ? until : null, TaskArn };
  }
}
