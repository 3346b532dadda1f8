import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { packageFile } from "../../package/own-files.js";
import { CommandError } from "../failure.js";
import { specs } from "./specs.js";

/** So many names of what is in the way are told. */
const NAMES_MAX = 5;
/** What a version control may have put there already. */
const NOT_IN_THE_WAY = new Set([".git"]);

/**
 * Writes a project of `kind` into `folder`, which is made if it isn't there.
 * @returns the names of its files, in order.
 * @throws CommandError when the folder isn't empty, naming what is there, or can't be written to.
 */
export async function writeProject(kind: string, folder: string): Promise<string[]> {
  await mustBeEmpty(folder);
  const words = { name: packageName(basename(folder)), ...(await specs(folder)) };
  const written: string[] = [];
  for (const from of ["common", kind]) {
    const source = packageFile(join("examples", "init", from));
    if (source === undefined) throw new CommandError("the project's files are missing: install the package anew");
    for (const file of await readdir(source)) {
      const name = file.replace(/^dot-/, ".");
      const text = await readFile(join(source, file), "utf8");
      await writeFile(join(folder, name), filled(text, words), { flag: "wx" });
      written.push(name);
    }
  }
  return written.sort();
}

async function mustBeEmpty(folder: string): Promise<void> {
  let there: string[];
  try {
    await mkdir(folder, { recursive: true });
    there = (await readdir(folder)).filter((name) => !NOT_IN_THE_WAY.has(name));
  } catch (error) {
    throw new CommandError(`${folder} can't be used: ${(error as Error).message}`);
  }
  if (there.length === 0) return;
  const more = there.length - NAMES_MAX;
  const names = there.slice(0, NAMES_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
  throw new CommandError(`${folder} is not empty: it has ${names}; name an empty folder, or one that isn't there yet`);
}

/** A folder's name as npm, Docker and Compose all take it. */
function packageName(folder: string): string {
  const name = folder.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return name.replace(/^-+|-+$/g, "") || "agent";
}

function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{([a-z-]+)\}\}/g, (_, word: string) => {
    const value = words[word];
    if (value === undefined) throw new Error(`a project's file has the unknown word ${word}`);
    return value;
  });
}
