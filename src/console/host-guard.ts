import { isIP } from "node:net";

const HOST_AND_PORT = /^(\[[^\]]+\]|[^:[\]]+)(?::\d{1,5})?$/;

/**
 * Whether a request with this Host header may see the console: one to an IP address, to localhost, or to HTTP_HOST.
 *
 * A page of anywhere can have its own name resolve to 127.0.0.1 and would then read the console as if it were its own
 * (DNS rebinding). The browser still sends that page's name as Host; an address can't be made to point elsewhere.
 */
export function isOwnHost(header: string | undefined, configuredHost: string): boolean {
  const host = HOST_AND_PORT.exec(header ?? "")?.[1]?.toLowerCase();
  if (host === undefined) return false;
  const name = host.startsWith("[") ? host.slice(1, -1) : host;
  return isIP(name) !== 0 || name === "localhost" || name === configuredHost.toLowerCase();
}
