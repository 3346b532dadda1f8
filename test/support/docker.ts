import { execFileSync } from "node:child_process";

let asked: { readonly reason: string | undefined } | undefined;

/**
 * Why container tests cannot run here, in words for the name of a skipped suite; undefined where Docker answers. Asks
 * once a process, and never waits longer than ten seconds.
 */
export function dockerReason(): string | undefined {
  asked ??= { reason: ask() };
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
