import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe } from "@jest/globals";

const exec = promisify(execFile);
const INSTALL_TIMEOUT_MS = 180_000;

/**
 * A `describe` block whose tests need packages of PyPI, in a virtual environment of their own that later runs find:
 * skipped with the reason in its name where they can't be had.
 * @param body is given the path of a Python that has them.
 */
export async function pythonSuite(name: string, packages: readonly string[], body: (python: string) => void) {
  const folder = join(process.cwd(), "node_modules", ".cache", `python-${packages.join("-").replaceAll("=", "")}`);
  const python = join(folder, "bin", "python");
  const ready = join(folder, "ready");
  try {
    if (!existsSync(ready)) {
      await exec("python3", ["-m", "venv", "--clear", folder], { timeout: INSTALL_TIMEOUT_MS });
      const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
      await exec(python, args, { timeout: INSTALL_TIMEOUT_MS });
      await exec(python, ["-c", `open(${JSON.stringify(ready)}, "w")`]);
    }
    describe(name, () => body(python));
  } catch (error) {
    const [reason] = String((error as { stderr?: string }).stderr || (error as Error).message).split("\n", 1);
    describe.skip(`${name} (skipped: ${reason})`, () => body(python));
  }
}
