import { createHash } from "node:crypto";
import { mkdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What a running `dev` tells a `send` in the same folder. */
export interface DevState {
  readonly pid: number;
  readonly endpoint: string;
  readonly queueUrl: string;
}

const OURS_ALONE = 0o700;

/** Writes where the `dev` of this folder listens; returns what removes it again. */
export async function publishDevState(state: DevState, folder = process.cwd()): Promise<() => Promise<void>> {
  const file = await stateFile(folder);
  await mkdir(dirname(file), { recursive: true, mode: OURS_ALONE });
  await writeFile(file, JSON.stringify(state), { mode: 0o600 });
  return async () => {
    // A later `dev` in this folder may have written its own.
    if ((await read(file))?.pid === state.pid) await rm(file, { force: true });
  };
}

/** The `dev` that runs in this folder or in one above it, if there is one. */
export async function findDevState(folder = process.cwd()): Promise<DevState | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const state = await read(await stateFile(at));
    if (state && isAlive(state.pid)) return state;
    if (dirname(at) === at) return undefined;
  }
}

/** In the temporary folder, so that nothing is left lying about in the user's; one file a folder. */
async function stateFile(folder: string): Promise<string> {
  const name = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex")
    .slice(0, 16);
  return join(tmpdir(), `queuehand-${process.getuid?.() ?? "dev"}`, `${name}.json`);
}

/** Undefined unless the file and its folder are the user's own: anybody may write to the temporary folder. */
async function read(file: string): Promise<DevState | undefined> {
  try {
    const owners = await Promise.all([stat(file), stat(dirname(file))]);
    const own = process.getuid?.();
    if (own !== undefined && owners.some(({ uid, mode }) => uid !== own || (mode & 0o022) !== 0)) return undefined;
    return JSON.parse(await readFile(file, "utf8")) as DevState;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
