/**
 * Takes out of a node_modules folder what a running worker never opens: TypeScript, source maps, documents, and
 * the second copy of the AWS SDK for bundlers (Node loads dist-cjs, whose only readers' doors are `main` and the `node`
 * condition). Licences stay.
 *
 *   node scripts/prune-packages.mjs node_modules
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const NEVER_OPENED = /\.[cm]?ts$|\.map$|\.md$|\.tsbuildinfo$/i;
const NEVER_ENTERED = new Set(["docs", "test", "tests", "benchmarks", "dist-types", ".github"]);
const BUNDLERS_ALONE = "dist-es";
const LICENCE = /^(licen[cs]e|notice|copying)/i;

/** Whether Node can reach dist-es: as `main`, or by a condition of `exports` that comes before `node` or `require`. */
function nodeReadsEsCopy(folder) {
  const { main = "", exports, type } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (main.includes(BUNDLERS_ALONE)) return true;
  const target = (entry) => {
    if (entry === null || typeof entry !== "object") return entry;
    for (const [condition, value] of Object.entries(entry)) {
      if (["node", "import", "require", "default"].includes(condition)) return target(value);
    }
    return undefined;
  };
  const doors = exports && Object.keys(exports).some((key) => key.startsWith(".")) ? Object.values(exports) : [exports];
  return type === "module" || doors.some((door) => String(target(door) ?? "").includes(BUNDLERS_ALONE));
}

let files = 0;
function prune(folder) {
  const inPackage = existsSync(join(folder, "package.json"));
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, item.name);
    if (item.isDirectory()) {
      const es = item.name === BUNDLERS_ALONE && inPackage && existsSync(join(folder, "dist-cjs"));
      if ((inPackage && NEVER_ENTERED.has(item.name)) || (es && !nodeReadsEsCopy(folder))) {
        rmSync(path, { recursive: true });
        files++;
      } else prune(path);
    } else if (NEVER_OPENED.test(item.name) && !LICENCE.test(item.name)) {
      rmSync(path);
      files++;
    }
  }
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error("name the node_modules folder to prune");
prune(folder);
console.log(`pruned ${files} files and folders in ${folder}`);
