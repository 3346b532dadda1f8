// Where a conversation goes on after an interruption: STATE is a folder that outlasts the task, or s3://bucket/prefix/.
// Without it every run begins anew.
import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const { STATE = "" } = process.env;
const [, BUCKET, PREFIX = ""] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(STATE) ?? [];

export class Saved {
  #store;
  #writing = Promise.resolve();

  /** @param about what makes it this conversation: its id and how it begins. */
  constructor(about, buckets) {
    // They come from whoever sends: they are no file name.
    const name = `${createHash("sha256").update(JSON.stringify(about)).digest("hex")}.json`;
    if (BUCKET) this.#store = buckets.place(BUCKET, PREFIX + name);
    else if (STATE) this.#store = new File(join(STATE, name));
  }

  async read() {
    const text = await this.#store?.read();
    return text && JSON.parse(text);
  }

  /** One at a time: a checkpoint may come while a turn is written. */
  write(state) {
    const text = JSON.stringify(state);
    this.#writing = this.#writing.catch(() => {}).then(() => this.#store?.write(text));
    return this.#writing;
  }

  async remove() {
    await this.#writing.catch(() => {});
    await this.#store?.remove();
  }
}

class File {
  #path;

  constructor(path) {
    this.#path = path;
  }

  async read() {
    try {
      return await readFile(this.#path, "utf8");
    } catch (error) {
      if (error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  async write(text) {
    await writeFile(`${this.#path}.new`, text);
    await rename(`${this.#path}.new`, this.#path);
  }

  remove() {
    return rm(this.#path, { force: true });
  }
}
