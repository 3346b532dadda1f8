import http, { type AgentOptions, type ClientRequest, type RequestOptions } from "node:http";
import https from "node:https";
import { HttpProxyAgent } from "http-proxy-agent";
import { HttpsProxyAgent } from "https-proxy-agent";
import { getProxyForUrl } from "proxy-from-env";
import { isOwnHost } from "./own-host.js";

/** What Node calls of an agent for each request; it isn't declared. */
interface Pool extends http.Agent {
  addRequest(request: ClientRequest, options: RequestOptions & { readonly secureEndpoint: boolean }): void;
}

/**
 * Finds for each request whether it goes by a proxy and by which, and hands it to a pool of that one's sockets: at once,
 * since a request to a proxy begins otherwise. What the environment calls a proxy and isn't one of HTTP is none.
 */
export class ProxiedAgent extends http.Agent {
  readonly #secure: boolean;
  readonly #options: AgentOptions;
  /** By proxy; the empty name is of sockets without one. */
  readonly #pools = new Map<string, Pool>();

  constructor(protocol: "http:" | "https:", options: AgentOptions) {
    // The pools have the sockets; but it is by this agent that a request knows whether to keep its own.
    super(options);
    this.#secure = protocol === "https:";
    this.#options = options;
    Object.assign(this, { protocol, defaultPort: this.#secure ? 443 : 80 });
  }

  addRequest(request: ClientRequest, options: RequestOptions): void {
    const pool = this.#pool(this.#proxyOf(options.host || "localhost", options.port));
    pool.addRequest(request, { ...options, secureEndpoint: this.#secure });
  }

  override destroy(): void {
    for (const pool of this.#pools.values()) pool.destroy();
    super.destroy();
  }

  #proxyOf(host: string, port: RequestOptions["port"]): string {
    if (isOwnHost(host)) return "";
    const name = host.includes(":") ? `[${host}]` : host;
    const proxy = getProxyForUrl(`${this.#secure ? "https" : "http"}://${name}:${port ?? ""}`);
    return /^https?:/.test(proxy) ? proxy : "";
  }

  #pool(proxy: string): Pool {
    let pool = this.#pools.get(proxy);
    if (!pool) {
      pool = this.#made(proxy) as Pool;
      this.#pools.set(proxy, pool);
    }
    return pool;
  }

  #made(proxy: string): http.Agent {
    if (this.#secure) return proxy ? new HttpsProxyAgent(proxy, this.#options) : new https.Agent(this.#options);
    return proxy ? new HttpProxyAgent(proxy, this.#options) : new http.Agent(this.#options);
  }
}
