import { readFile } from "node:fs/promises";
import { packageFile } from "../package/own-files.js";

/** The version in this package's package.json. */
export async function version(): Promise<string> {
  const manifest = packageFile("package.json");
  if (manifest === undefined) throw new Error("queuehand's package.json is missing: install the package anew");
  return (JSON.parse(await readFile(manifest, "utf8")) as { version: string }).version;
}
