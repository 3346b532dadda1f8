import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const VERSION = "5.2.5";
const FOLDER = join("node_modules", ".cache", `moto-${VERSION}`);
const PROGRAM = join(FOLDER, "bin", "moto_server");
/** Some forty packages, once for a checkout. */
const INSTALL_TIMEOUT_MS = 150_000;

const run = promisify(execFile);

/** Why moto can't run here, in words for the name of a skipped suite; undefined once it is there. Installs it if need be. */
export async function motoReason(): Promise<string | undefined> {
  if (existsSync(PROGRAM)) return undefined;
  const signal = AbortSignal.timeout(INSTALL_TIMEOUT_MS);
  try {
    await run("python3", ["-m", "venv", FOLDER], { signal });
    await run(join(FOLDER, "bin", "pip"), ["install", "--quiet", `moto[server]==${VERSION}`], { signal });
    return undefined;
  } catch (error) {
    await rm(FOLDER, { recursive: true, force: true });
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") return "no python3 is on the PATH";
    const said = stderr?.trim().split("\n").at(-1) || String(error);
    return `moto ${VERSION} can't be installed from the registry: ${said}`;
  }
}

/** A moto of its own on a free port of loopback. */
export async function startMoto(): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const child = spawn(PROGRAM, ["-H", "127.0.0.1", "-p", "0"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    ended.then(() => reject(new Error("moto ended before it listened")));
    createInterface({ input: child.stderr }).on("line", (line) => {
      const [, url] = /Running on (http:\/\/\S+)/.exec(line) ?? [];
      if (url) resolve(url);
    });
  });
  return {
    endpoint,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
