import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** ELF's numbers of the machines that Node runs on. */
const ELF_MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183, ia32: 3, arm: 40, s390x: 22, ppc64: 21 };
const HEAD_BYTES = 256;

/**
 * The file that a program's name means, as execvp would find it, checked to be one that can run here.
 * @param path the PATH to search for names without a slash.
 * @returns the file's path.
 * @throws Error whose message continues the sentence "the program ...".
 */
export async function findExecutable(name: string, path: string): Promise<string> {
  if (name.includes("/")) {
    const fault = await faultOf(name);
    if (fault) throw new Error(fault);
    return name;
  }
  let found: string | undefined;
  for (const folder of path.split(delimiter)) {
    const file = join(folder || ".", name);
    const fault = await faultOf(file);
    if (!fault) return file;
    if (!fault.startsWith("doesn't exist")) found ??= `${fault}: ${file}`;
  }
  throw new Error(found ?? `isn't in the PATH (${path || "which is empty"})`);
}

async function faultOf(file: string): Promise<string | undefined> {
  let isFile: boolean;
  try {
    isFile = (await stat(file)).isFile();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? "doesn't exist" : `can't be looked at: ${message}`;
  }
  if (!isFile) return "is not a file";
  try {
    await access(file, constants.X_OK);
  } catch {
    return "isn't executable by this user";
  }
  return headFault(await headOf(file));
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

async function headFault(head: Buffer): Promise<string | undefined> {
  if (head.toString("latin1", 0, 4) === "\u007fELF" && head.length >= 20) {
    const machine = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18);
    const own = ELF_MACHINES[process.arch];
    if (own !== undefined && machine !== own) {
      const built = Object.entries(ELF_MACHINES).find(([, number]) => number === machine)?.[0] ?? `ELF ${machine}`;
      return `is built for another machine (${built}; this one is ${process.arch})`;
    }
  } else if (head.toString("latin1", 0, 2) === "#!") {
    const interpreter = head.toString("utf8", 2).split("\n", 1)[0]!.trim().split(/\s/, 1)[0]!;
    try {
      await access(interpreter, constants.X_OK);
    } catch {
      return `names an interpreter that can't be run (${interpreter})`;
    }
  }
  return undefined;
}
