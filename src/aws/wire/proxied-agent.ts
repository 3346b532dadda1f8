import http, { type AgentOptions, type ClientRequest } from "node:http";
import https from "node:https";
import { Agent, type AgentConnectOpts } from "agent-base";
import { HttpProxyAgent } from "http-proxy-agent";
import { HttpsProxyAgent } from "https-proxy-agent";
import { getProxyForUrl } from "proxy-from-env";
import { isOwnHost } from "./own-host.js";

/**
 * Finds for each request whether it goes by a proxy and by which, and hands it to a pool of that one's sockets. What the
 * environment calls a proxy and isn't one of HTTP is none.
 */
export class ProxiedAgent extends Agent {
  readonly #secure: boolean;
  readonly #options: AgentOptions;
  /** By proxy; the empty name is of sockets without one. */
  readonly #pools = new Map<string, http.Agent>();

  constructor(protocol: "http:" | "https:", options: AgentOptions) {
    // Of the pools are the sockets: here there is nothing to be kept or limited.
    super();
    this.#secure = protocol === "https:";
    this.#options = options;
  }

  override isSecureEndpoint(): boolean {
    return this.#secure;
  }

  override async connect(_request: ClientRequest, { host, port }: AgentConnectOpts): Promise<http.Agent> {
    return this.#pool(this.#proxyOf(host ?? "localhost", port));
  }

  override destroy(): void {
    for (const pool of this.#pools.values()) pool.destroy();
    super.destroy();
  }

  #proxyOf(host: string, port: number | string | undefined): string {
    if (isOwnHost(host)) return "";
    const name = host.includes(":") ? `[${host}]` : host;
    const proxy = getProxyForUrl(`${this.#secure ? "https" : "http"}://${name}:${port ?? ""}`);
    return /^https?:/.test(proxy) ? proxy : "";
  }

  #pool(proxy: string): http.Agent {
    let pool = this.#pools.get(proxy);
    if (!pool) {
      pool = this.#made(proxy);
      this.#pools.set(proxy, pool);
    }
    return pool;
  }

  #made(proxy: string): http.Agent {
    if (this.#secure) return proxy ? new HttpsProxyAgent(proxy, this.#options) : new https.Agent(this.#options);
    return proxy ? new HttpProxyAgent(proxy, this.#options) : new http.Agent(this.#options);
  }
}
