import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Where this package's code begins, as a URL. This file lies one folder below it, in `src` as in `dist`. */
export const OWN_CODE = import.meta.url === undefined ? "file:///" : new URL("..", import.meta.url).href;

/** A file that this package starts by its path isn't where it could be: most likely it was bundled into another program. */
export class OwnFileMissing extends Error {
  override readonly name = "OwnFileMissing";
}

/**
 * Where a file of this package is that is run by its path: a thread's, or another process's. In a bundle of the user's
 * this file lies elsewhere; the package itself is asked for then, as that program would import it.
 * @param file relative to the package's code: `worker/lease-thread.js`.
 * @throws OwnFileMissing, with what to do about it.
 */
export function ownFile(file: string, here: string | undefined = import.meta.url): URL {
  // A bundle in CommonJS form has no import.meta.url.
  const program = here ?? pathToFileURL(join(process.cwd(), "bundle.js")).href;
  const beside = new URL(`../${file}`, program);
  const found = existsSync(beside) ? beside : installed(file, program);
  if (found) return found;
  throw new OwnFileMissing(
    `queuehand's own file ${file} is neither beside ${fileURLToPath(program)} nor in an installed package: a bundle must leave queuehand out (esbuild --external:queuehand, rollup's external) and have it in node_modules where it runs`,
  );
}

/**
 * A file of the package that isn't code, by its path in the package (`infra/scaling.yaml`); undefined if it came without
 * it. Looked for upwards from here, since the code lies at different depths in the package and in a build of its tests.
 */
export function packageFile(path: string): string | undefined {
  for (let folder = dirname(fileURLToPath(OWN_CODE)); ; folder = dirname(folder)) {
    const file = join(folder, path);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return undefined;
  }
}

function installed(file: string, program: string): URL | undefined {
  // Not by its name alone: bundles often have one of their own.
  const { createRequire: requireFrom } = process.getBuiltinModule("node:module");
  try {
    const place = new URL(`./dist/${file}`, pathToFileURL(requireFrom(program).resolve("queuehand/package.json")));
    return existsSync(place) ? place : undefined;
  } catch {
    return undefined;
  }
}
