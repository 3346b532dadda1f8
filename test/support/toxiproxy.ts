import { GenericContainer, type StartedNetwork, type StartedTestContainer, Wait } from "testcontainers";

const IMAGE = "ghcr.io/shopify/toxiproxy:2.12.0";
const ALIAS = "toxiproxy";
const CONTROL_PORT = 8474;
const PROXY_PORT = 8666;

/** A fault in the connections through the proxy; `toxicity` is the share of connections that it hits, 0..1. */
export interface Toxic {
  readonly type: "latency" | "bandwidth" | "slicer" | "timeout" | "reset_peer" | "limit_data";
  /** Towards the server, or back from it. */
  readonly stream?: "upstream" | "downstream";
  readonly toxicity?: number;
  readonly attributes: Readonly<Record<string, number>>;
}

/** A proxy between worker and queue server, whose connections can be cut, slowed and torn while they are in use. */
export class Toxiproxy {
  /** Under which containers in the network reach the server behind the proxy. */
  static readonly address = `${ALIAS}:${PROXY_PORT}`;

  /** Starts one in `network`, in front of `upstream` (HOST:PORT). */
  static async start(network: StartedNetwork, upstream: string): Promise<Toxiproxy> {
    const container = await new GenericContainer(IMAGE)
      .withNetwork(network)
      .withNetworkAliases(ALIAS)
      .withExposedPorts(CONTROL_PORT)
      .withWaitStrategy(Wait.forHttp("/version", CONTROL_PORT))
      .start();
    const proxy = new Toxiproxy(container);
    await proxy.#ask("POST", "/proxies", { name: "queue", listen: `0.0.0.0:${PROXY_PORT}`, upstream });
    return proxy;
  }

  private constructor(private readonly container: StartedTestContainer) {}

  /** Adds a fault to every connection, those that are open included. */
  async add(toxic: Toxic): Promise<void> {
    await this.#ask("POST", "/proxies/queue/toxics", toxic);
  }

  /** Takes every fault away, and lets connections through again. */
  async heal(): Promise<void> {
    await this.#ask("POST", "/reset");
  }

  /** Cuts every connection and refuses new ones. */
  async cut(): Promise<void> {
    await this.#ask("POST", "/proxies/queue", { enabled: false });
  }

  async stop(): Promise<void> {
    await this.container.stop();
  }

  async #ask(method: string, path: string, body?: object): Promise<void> {
    const url = `http://${this.container.getHost()}:${this.container.getMappedPort(CONTROL_PORT)}${path}`;
    const answer = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`toxiproxy refused ${method} ${path}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}
