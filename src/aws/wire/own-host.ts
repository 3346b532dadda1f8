import { BlockList, isIP } from "node:net";

/** Loopback, and what ECS and EC2 tell a task or an instance of itself by: a proxy has such addresses of its own. */
const OWN = new BlockList();
OWN.addSubnet("127.0.0.0", 8);
OWN.addSubnet("169.254.0.0", 16);
OWN.addAddress("::1", "ipv6");
OWN.addSubnet("fd00:ec2::", 32, "ipv6");

/** Whether a host is this machine or tells of it, and so is never to be asked by a proxy. */
export function isOwnHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  const version = isIP(host);
  return version !== 0 && OWN.check(host, version === 6 ? "ipv6" : "ipv4");
}
