import { lstatSync, mkdirSync, readdirSync, rmdir, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { chmod, lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const PRIVATE = 0o700;
const BLOCK_BYTES = 512;
/** So long after the last use empty folders are kept. */
const SPARE_MS = 1_000;
/** Longer than the kernel's clock for times of files stands still: two changes so close may show the same time. */
const SAME_TIME_MS = 50;
/** A walk over more than this many files is given up, and counts as over any quota. */
const FILES_MAX = 100_000;

const removeEmpty = promisify(rmdir);

/** The folder in which a worker makes a work folder for each of its agents' processes. */
export class WorkFolders {
  #root: string | undefined;
  #made = 0;
  #used = 0;
  /** Empty ones, to be used again: for a while. */
  readonly #spare: WorkFolder[] = [];
  #spareTimer: NodeJS.Timeout | undefined;
  /** A worker that is told to end at once has no other chance. */
  readonly #onExit = () => {
    try {
      if (this.#root !== undefined) rmSync(this.#root, { recursive: true, force: true });
    } catch {
      // It goes with the container.
    }
  };

  /** Makes the folder, for this user alone. Rejects when the place for temporary files can't be written. */
  async open(): Promise<void> {
    this.#root = await mkdtemp(join(tmpdir(), "queuehand-"));
    process.once("exit", this.#onExit);
  }

  /**
   * An empty folder.
   * @throws Error when it can't be made: no space, no inode.
   */
  make(): WorkFolder {
    if (this.#root === undefined) throw new Error("work folders were not opened");
    clearTimeout(this.#spareTimer);
    const folder = this.#spare.pop() ?? this.#makeAt(join(this.#root, String(++this.#made)));
    this.#used++;
    return folder;
  }

  /**
   * Takes a folder back. One that was left as it had been given is used again: to make and remove folders would be half
   * of what a short program costs. It is removed when no folder was in use for a second, any other at once; rejects when
   * something of that can't be.
   */
  async giveBack(folder: WorkFolder): Promise<void> {
    if (--this.#used === 0) this.#spareTimer = setTimeout(() => void this.#removeSpare(), SPARE_MS).unref();
    if (this.#root !== undefined && folder.isLeftEmpty()) this.#spare.push(folder);
    else await folder.remove();
  }

  /** Removes all that is left. */
  async close(): Promise<void> {
    process.off("exit", this.#onExit);
    clearTimeout(this.#spareTimer);
    this.#spare.length = 0;
    if (this.#root !== undefined) await removeAll(this.#root);
    this.#root = undefined;
  }

  #makeAt(path: string): WorkFolder {
    mkdirSync(path, PRIVATE);
    return new WorkFolder(path);
  }

  async #removeSpare(): Promise<void> {
    for (const folder of this.#spare.splice(0)) await folder.remove().catch(() => {});
  }
}

/** A folder for one process. */
export class WorkFolder {
  readonly #files: string[] = [];
  /** The change time that it had when it was seen empty, once no later change can show the same. */
  #emptySince: number | undefined;

  constructor(readonly path: string) {}

  /**
   * Whether it is there, private, and nothing is in it. Asked the second time of an empty folder this costs a microsecond
   * or two: what comes into a folder, or leaves it, changes its time.
   */
  get isEmpty(): boolean {
    const found = lstatSync(this.path, { throwIfNoEntry: false });
    if (!found?.isDirectory() || (found.mode & 0o777) !== PRIVATE) return false;
    if (found.ctimeMs === this.#emptySince) return true;
    const askedAt = Date.now();
    if (readdirSync(this.path).length > 0) return false;
    this.#emptySince = Math.abs(askedAt - found.ctimeMs) > SAME_TIME_MS ? found.ctimeMs : undefined;
    return true;
  }

  /** Makes it as it was at first. Rejects when that can't be done. */
  async empty(): Promise<void> {
    if (lstatSync(this.path, { throwIfNoEntry: false })?.isDirectory()) {
      await chmod(this.path, PRIVATE);
      for (const name of await readdir(this.path)) await removeAll(join(this.path, name));
    } else {
      // Nothing, or a link that is not to be followed.
      await rm(this.path, { force: true });
      mkdirSync(this.path, PRIVATE);
    }
  }

  /** Writes a small file and returns its path. Throws when there is no space. */
  write(name: string, text: string): string {
    const file = join(this.path, name);
    // Synchronously: for some hundred bytes the way to another thread and back costs more than the writing.
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
    this.#files.push(file);
    return file;
  }

  /** Bytes on the disk of all that is in it; Infinity for more files than anyone should look through. */
  async size(): Promise<number> {
    let bytes = 0;
    let files = 0;
    const folders = [this.path];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        if (++files > FILES_MAX) return Number.POSITIVE_INFINITY;
        const path = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(path);
        bytes += await lstat(path).then(
          ({ blocks }) => blocks * BLOCK_BYTES,
          () => 0,
        );
      }
    }
    return bytes;
  }

  /** Removes what was written here; whether nothing else is in it. */
  isLeftEmpty(): boolean {
    try {
      for (const file of this.#files.splice(0)) unlinkSync(file);
      return this.isEmpty;
    } catch {
      return false;
    }
  }

  /** Removes it with all that is in it. Rejects when something can't be removed. */
  async remove(): Promise<void> {
    try {
      for (const file of this.#files) unlinkSync(file);
      // Not synchronously: of all steps this one was seen to wait, for milliseconds.
      await removeEmpty(this.path);
    } catch {
      // There is more in it than what we wrote, or less.
      await removeAll(this.path);
    }
  }
}

/** Like `rm -rf`, and also where the agent took away its own right to write. */
async function removeAll(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await openUp(path);
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, PRIVATE).catch(() => {});
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await openUp(join(folder, entry.name));
}
