import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Stacks, Values } from "./stacks.js";

const exec = promisify(execFile);
const BUCKET = "code";

/** Bundles a function and puts it into a bucket on the emulator, as scripts/deploy does; resolves with its place there. */
export async function uploadFunction({ endpoint }: Stacks, entry: string): Promise<Values> {
  const folder = await mkdtemp(join(tmpdir(), "queuehand-bundle-"));
  try {
    const file = join(folder, "function.zip");
    const { stdout } = await exec(process.execPath, ["scripts/bundle.mjs", entry, file]);
    const key = `${stdout.trim()}.zip`;
    await put(`${endpoint}/${BUCKET}`);
    await put(`${endpoint}/${BUCKET}/${key}`, await readFile(file));
    return { CodeBucket: BUCKET, CodeKey: key };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** S3's PUT, unsigned: the emulators take it. */
export async function put(url: string, body: Buffer | string = ""): Promise<void> {
  const response = await fetch(url, { method: "PUT", body: new Uint8Array(Buffer.from(body)) });
  if (!response.ok) throw new Error(`PUT ${url} was answered ${response.status}: ${await response.text()}`);
}
