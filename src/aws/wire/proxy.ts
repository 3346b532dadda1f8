import type { Agent, AgentOptions } from "node:http";

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of which one is enough for a call to go by a proxy. */
const NAMES = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];

/** Whether the environment names any proxy. */
export function isProxied(env: Environment): boolean {
  return NAMES.some((name) => env[name] || env[name.toLowerCase()]);
}

/**
 * The pool of sockets for calls to AWS, our own and the SDK's: by the proxy that HTTPS_PROXY or HTTP_PROXY names for a
 * host, unless NO_PROXY or the host itself says otherwise. What speaks to proxies is loaded only where one is named.
 */
export async function agentFor(protocol: "http:" | "https:", options: AgentOptions): Promise<Agent> {
  if (isProxied(process.env)) {
    const { ProxiedAgent } = await import("./proxied-agent.js");
    return new ProxiedAgent(protocol, options);
  }
  // Not by `import`: that reads every export of node:http, one of which loads all of fetch.
  const { Agent } = process.getBuiltinModule(protocol === "https:" ? "node:https" : "node:http");
  return new Agent(options);
}

/** More than any worker has slots: a call must never wait behind another for a socket. */
const SOCKETS_MAX = 1_000;

/** The pools of a client of the SDK, as its request handler takes them. */
export async function sdkAgents(): Promise<{ httpAgent: Partial<Agent>; httpsAgent: Partial<Agent> }> {
  const options = { keepAlive: true, maxSockets: SOCKETS_MAX };
  if (!isProxied(process.env)) return { httpAgent: options, httpsAgent: options };
  return { httpAgent: await agentFor("http:", options), httpsAgent: await agentFor("https:", options) };
}

/** Hosts that `isOwnHost` means, as NO_PROXY can name them. */
const OWN_HOSTS = [
  "localhost",
  "127.0.0.1",
  "::1",
  "[::1]",
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "fd00:ec2::254",
  "[fd00:ec2::254]",
  "fd00:ec2::23",
  "[fd00:ec2::23]",
];

/**
 * With NODE_USE_ENV_PROXY Node itself takes all of its calls to the proxy, those to loopback and to the endpoints of ECS
 * and EC2 among them: where it does so, they are added to NO_PROXY. For a process of our own, at its start.
 */
export function spareOwnHosts(env: NodeJS.ProcessEnv = process.env): void {
  if (env.NODE_USE_ENV_PROXY !== "1" || !isProxied(env)) return;
  const name = env.no_proxy ? "no_proxy" : "NO_PROXY";
  env[name] = [env[name], ...OWN_HOSTS].filter(Boolean).join(",");
  // The agent of calls that bring none has read NO_PROXY by now.
  const http = process.getBuiltinModule("node:http");
  const options: AgentOptions & { proxyEnv: NodeJS.ProcessEnv } = { keepAlive: true, proxyEnv: env };
  http.globalAgent = new http.Agent(options);
}
