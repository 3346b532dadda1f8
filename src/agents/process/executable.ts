import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { elfFault, isElf } from "./elf.js";

/** A script's first line, and what an ELF file says of what is to be loaded. */
const HEAD_BYTES = 4_096;

/**
 * The file that a program's name means, as execvp would find it, checked to be one that can run here.
 * @param path the PATH to search for names without a slash.
 * @returns the file's path.
 * @throws Error whose message continues the sentence "the program ...".
 */
export async function findExecutable(name: string, path: string): Promise<string> {
  if (name.includes("/")) {
    const fault = await faultOf(name, path);
    if (fault) throw new Error(fault);
    return name;
  }
  let found: string | undefined;
  for (const folder of path.split(delimiter)) {
    const file = join(folder || ".", name);
    const fault = await faultOf(file, path);
    if (!fault) return file;
    if (!fault.startsWith("doesn't exist")) found ??= `${fault}: ${file}`;
  }
  throw new Error(found ?? `isn't in the PATH (${path || "which is empty"})`);
}

async function faultOf(file: string, path: string): Promise<string | undefined> {
  let size: number;
  try {
    const found = await stat(file);
    if (!found.isFile()) return "is not a file";
    size = found.size;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? "doesn't exist" : `can't be looked at: ${message}`;
  }
  try {
    await access(file, constants.X_OK);
  } catch {
    return "isn't executable by this user";
  }
  const head = await headOf(file);
  if (isElf(head)) return elfFault(head, size);
  return head.toString("latin1", 0, 2) === "#!" ? scriptFault(head, path) : undefined;
}

/** The first bytes; none where the file may be run but not read. */
async function headOf(file: string): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return Buffer.alloc(0);
  }
}

/** What the kernel would make of a script's first line, and `env` of its words. */
async function scriptFault(head: Buffer, path: string): Promise<string | undefined> {
  const line = head.toString("utf8", 2).split("\n", 1)[0]!;
  // A carriage return is a part of the name to the kernel.
  const [interpreter = "", ...words] = line.split(/[ \t]+/).filter(Boolean);
  if (!(await canRun(interpreter))) return `names an interpreter that can't be run (${named(interpreter)})`;
  if (basename(interpreter) !== "env" || path === "") return undefined;
  if (words[0] === "-S") words.shift();
  const wanted = words.find((word) => !word.includes("="));
  // Other options, quotes, another PATH: that is left to env.
  if (wanted === undefined || /^-|["'$\\]|PATH=/.test(words.slice(0, words.indexOf(wanted) + 1).join(" ")))
    return undefined;
  const places = wanted.includes("/") ? [wanted] : path.split(delimiter).map((folder) => join(folder || ".", wanted));
  for (const place of places) if (await canRun(place)) return undefined;
  return `names an interpreter that isn't in the PATH (${named(wanted)})`;
}

async function canRun(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

function named(interpreter: string): string {
  if (!interpreter.endsWith("\r")) return interpreter;
  return `${interpreter.slice(0, -1)} and a carriage return: its lines end as on Windows`;
}
