/**
 * Bundles the console's script and style, which browsers run and Node never does:
 *
 *   node scripts/build-page.mjs [FOLDER]...     into each FOLDER/console/assets; dist unless given
 */
import { join } from "node:path";
import { build } from "esbuild";

const folders = process.argv.slice(2);
for (const folder of folders.length > 0 ? folders : ["dist"]) {
  await build({
    entryPoints: [
      { in: "src/console/browser/main.ts", out: "page" },
      { in: "src/console/browser/page.css", out: "page" },
    ],
    outdir: join(folder, "console", "assets"),
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome120", "firefox121", "safari17"],
    logLevel: "error",
  });
}
