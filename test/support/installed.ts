import { type ExecFileException, execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);
const ROOT = process.cwd();
/** Node, and the tools that a project would have of its own. */
const BIN = join(ROOT, "node_modules", ".bin");
/** A project's own dev dependencies, which are here already. */
const BORROWED = ["@types", "typescript", "undici-types"];

/** The package as others have it: packed, and installed from its tarball into a folder of its own. */
export class Installed {
  private constructor(
    readonly folder: string,
    readonly tarball: string,
  ) {}

  static async create(): Promise<Installed> {
    const folder = await mkdtemp(join(tmpdir(), "queuehand-installed-"));
    await exec("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], { cwd: ROOT });
    const [name] = await readdir(folder);
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
    const made = new Installed(folder, join(folder, name!));
    await made.run("npm", [
      ...["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"],
      `./${name}`,
    ]);
    return made;
  }

  /** Where the package is. */
  get package(): string {
    return join(this.folder, "node_modules", "queuehand");
  }

  /** A project beside it: `test/consumer/NAME`, copied, which finds the package as one of its own. */
  async project(name: string, as = name): Promise<string> {
    const copy = join(this.folder, as);
    await cp(join(ROOT, "test", "consumer", name), copy, { recursive: true });
    await mkdir(join(copy, "node_modules"), { recursive: true });
    for (const borrowed of BORROWED) await this.borrow(borrowed, copy);
    return copy;
  }

  /** Has a package of this repository in a project there, or in the folder itself. */
  async borrow(name: string, project = this.folder): Promise<void> {
    await symlink(join(ROOT, "node_modules", name), join(project, "node_modules", name));
  }

  /** Runs a program in the folder, or in one within it; rejects with what it printed. */
  async run(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    cwd = this.folder,
  ): Promise<string> {
    const { PATH, HOME, TMPDIR } = process.env;
    try {
      const options = { cwd, env: { PATH: `${BIN}:${PATH}`, HOME, ...(TMPDIR && { TMPDIR }), ...env } };
      return (await exec(program, [...args], options)).stdout;
    } catch (error) {
      const { message, stdout, stderr } = error as ExecFileException;
      throw new Error(`${message}\n${stdout}\n${stderr}`, { cause: error });
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
