// Where a conversation goes on after an interruption. A folder that outlasts the task (EFS) in production; without one
// every run begins anew.
import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export class StateFile {
  #path;
  #writing = Promise.resolve();

  constructor(folder, id) {
    // An id comes from whoever sends: it is no file name.
    this.#path = folder && join(folder, `${createHash("sha256").update(id).digest("hex")}.json`);
  }

  async read() {
    if (!this.#path) return undefined;
    try {
      return JSON.parse(await readFile(this.#path, "utf8"));
    } catch (error) {
      if (error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** One at a time: a checkpoint may come while a turn is written. */
  write(state) {
    const text = JSON.stringify(state);
    this.#writing = this.#writing.catch(() => {}).then(() => this.#replace(text));
    return this.#writing;
  }

  async remove() {
    await this.#writing.catch(() => {});
    if (this.#path) await rm(this.#path, { force: true });
  }

  async #replace(text) {
    if (!this.#path) return;
    await writeFile(`${this.#path}.new`, text);
    await rename(`${this.#path}.new`, this.#path);
  }
}
