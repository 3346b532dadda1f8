import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

let asked: { readonly reason: string | undefined } | undefined;

/**
 * Why container tests cannot run here, in words for the name of a skipped suite; undefined where Docker answers. Asks
 * once a process, and never waits longer than ten seconds. Tells testcontainers where published ports are, too.
 */
export function dockerReason(): string | undefined {
  asked ??= { reason: ask() };
  if (asked.reason === undefined && isEngineHere()) process.env.TESTCONTAINERS_HOST_OVERRIDE ??= "127.0.0.1";
  return asked.reason;
}

function ask(): string | undefined {
  try {
    execFileSync("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: 10_000, stdio: "pipe" });
    return undefined;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: Buffer };
    if (code === "ENOENT") return "no docker command is on the PATH";
    if (code === "ETIMEDOUT") return "Docker did not answer within 10 s";
    return `Docker does not answer: ${stderr?.toString().trim().split("\n").at(-1) || String(error)}`;
  }
}

/**
 * Whether the engine's bridge is an interface of this machine. Inside a container testcontainers takes the engine for
 * the host's and looks for ports at its gateway; an engine in the same container publishes them on loopback.
 */
function isEngineHere(): boolean {
  // Asked of /sys: os.networkInterfaces() leaves the bridge out while no container is connected to it.
  return process.env.DOCKER_HOST === undefined && existsSync("/sys/class/net/docker0");
}
