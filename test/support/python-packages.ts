import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const INSTALL_MS = 240_000;

/** Python packages in a virtual environment of their own. */
export interface PythonPackages {
  /** The interpreter that sees them. */
  readonly python: string;
  remove(): Promise<void>;
}

/**
 * Installs packages, named with their versions, from the index that pip is set up for.
 * @returns why that isn't possible here, in words for the name of a skipped suite, where it isn't.
 */
export async function pythonPackages(...wanted: readonly string[]): Promise<PythonPackages | string> {
  const folder = await mkdtemp(join(tmpdir(), "queuehand-python-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const python = join(folder, "bin", "python");
  try {
    await run("python3", ["-m", "venv", folder], { timeout: INSTALL_MS });
    const quick = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "10"];
    await run(python, ["-m", "pip", "install", ...quick, ...wanted], { timeout: INSTALL_MS });
    return { python, remove };
  } catch (error) {
    await remove();
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") return "no python3 is on the PATH";
    const said = stderr?.trim().split("\n").at(-1);
    return `${wanted.join(" and ")} can't be installed: ${said?.slice(0, 200) || String(error)}`;
  }
}
