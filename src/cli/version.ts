import { readFile } from "node:fs/promises";

/** The version in this package's package.json, which is the nearest one above this file. */
export async function version(): Promise<string> {
  for (let folder = new URL(".", import.meta.url); ; folder = new URL("..", folder)) {
    const manifest = await readFile(new URL("package.json", folder), "utf8").catch(() => undefined);
    if (manifest !== undefined) return (JSON.parse(manifest) as { version: string }).version;
    if (folder.pathname === "/") throw new Error("queuehand's package.json is missing: install the package anew");
  }
}
