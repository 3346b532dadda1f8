import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { packageFile } from "../../package/own-files.js";
import { CommandError } from "../failure.js";

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const NAME = "queuehand";

/** What a new project's package.json in `folder` names to be installed, by the words of the files in `examples/init`. */
export async function specs(folder: string): Promise<Record<string, string>> {
  const manifest = packageFile("package.json");
  if (manifest === undefined) throw new CommandError("queuehand's package.json is missing: install the package anew");
  const { version, devDependencies = {}, peerDependencies = {} } = await read(manifest);
  const ours = (name: string) => `^${devDependencies[name]}`;
  return {
    [NAME]: (await ownSpec(dirname(manifest), folder)) ?? `^${version}`,
    fauxqs: peerDependencies.fauxqs ?? "*",
    typescript: ours("typescript"),
    "node-types": ours("@types/node"),
  };
}

/**
 * How this very package came here, so that the project gets the same: what the folder that it is installed in says, a
 * tarball's or a folder's path being told from `folder`; or, started from its sources, their folder.
 */
async function ownSpec(root: string, folder: string): Promise<string | undefined> {
  if (basename(dirname(root)) !== "node_modules") return existsSync(join(root, "src")) ? path(folder, root) : undefined;
  const owner = resolve(root, "..", "..");
  const { dependencies, devDependencies } = await read(join(owner, "package.json"));
  const spec = dependencies?.[NAME] ?? devDependencies?.[NAME];
  return spec?.startsWith("file:") ? path(folder, resolve(owner, spec.slice("file:".length))) : spec;
}

function path(from: string, to: string): string {
  return `file:${relative(from, to).split(sep).join("/")}`;
}

async function read(file: string): Promise<Manifest> {
  return JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Manifest;
}
