import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { ecsTaskAddresses } from "../../aws/ecs/task-addresses.js";
import { UsageError } from "../command-line.js";

/** One part of `--targets`, and the addresses that it stands for at this moment. */
export type Target = () => Promise<readonly string[]>;

/**
 * What `--targets` names: `http://HOST:PORT`, `dns:NAME[:PORT]` (all addresses of a name), `ecs:CLUSTER/SERVICE[:PORT]` (all
 * running tasks of a service).
 * @throws UsageError naming the part that can't be understood.
 */
export function targetsOf(given: string, port: number): Target[] {
  const parts = given.split(",").map((part) => part.trim());
  if (parts.some((part) => part === "")) throw new UsageError(`--targets has an empty part, got "${given}"`);
  return parts.map((part) => targetOf(part, port));
}

function targetOf(part: string, port: number): Target {
  const named = /^(dns|ecs):(.+?)(?::(\d{1,5}))?$/.exec(part);
  if (!named) {
    const url = URL.parse(part);
    if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search) {
      throw new UsageError(
        `--targets must be http://HOST:PORT, dns:NAME or ecs:CLUSTER/SERVICE, with commas between them, got "${part}"`,
      );
    }
    return async () => [url.origin];
  }
  const [, kind, name, ownPort] = named;
  const at = (address: string) => `http://${isIP(address) === 6 ? `[${address}]` : address}:${ownPort ?? port}`;
  if (kind === "dns") {
    return async () => (await lookup(name!, { all: true })).map(({ address }) => at(address));
  }
  const [cluster, service, ...rest] = name!.split("/");
  if (!cluster || !service || rest.length > 0) {
    throw new UsageError(`--targets: ecs: must be followed by CLUSTER/SERVICE, got "${part}"`);
  }
  return async () => (await ecsTaskAddresses(cluster, service, AbortSignal.timeout(10_000))).map(at);
}
