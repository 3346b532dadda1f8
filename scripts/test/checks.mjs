import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "./command.mjs";

const CHECK_TIMEOUT_MS = 180_000;

/** Needed by whatever runs later, so they run with every group. */
const BUILDS = [
  { name: "types, and build of src and test", command: ["tsc", "-p", "tsconfig.json"] },
  { name: "build of dist", command: ["npm", "run", "build"] },
  { name: "build of the console's page for tests", command: ["node", "scripts/build-page.mjs", "build/src"] },
];

const CHECKS = [
  { name: "types of the console's page", command: ["tsc", "-p", "src/console/browser/tsconfig.json"] },
  { name: "lint and format", command: ["biome", "check", "."] },
  { name: "unused code and dependencies", command: ["knip"] },
  { name: "package can be imported as it says", command: ["publint", "--strict"] },
  { name: "lock file is complete for every platform", command: ["node", "scripts/lock-platforms.mjs", "--check"] },
  { name: "no dependency that its makers have given up", command: ["node", "scripts/lock-deprecated.mjs"] },
  {
    name: "no dependency with a known fault, high or worse",
    // Its own level: under `npm test --silent` it would say nothing of why it can't tell.
    command: ["npm", "audit", "--omit=dev", "--audit-level=high", "--loglevel=error"],
    // A mirror without an audit endpoint, or no network: nothing can be said about the dependencies then.
    cannot: (output) =>
      /audit endpoint returned an error|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT/.test(output) &&
      "the package registry in use answers no audits",
  },
];

/** Drops what an earlier build left of sources that are gone, so that no deleted test runs again. */
function dropStale() {
  const files = (folder) => {
    try {
      return readdirSync(join(ROOT, folder), { recursive: true });
    } catch {
      return []; // not built yet
    }
  };
  for (const [source, output] of [
    ["src", "build/src"],
    ["test", "build/test"],
    ["src", "dist"],
  ]) {
    const sources = new Set(files(source).map((file) => file.replace(/\.ts$/, "")));
    for (const file of files(output)) {
      const name = file.replace(/(\.d\.ts|\.js|\.js\.map)$/, "");
      if (name !== file && !sources.has(name)) rmSync(join(ROOT, output, file));
    }
  }
}

/** Builds, then checks everything that isn't a test; only builds unless `all`. */
export async function runChecks(tally, { all }) {
  dropStale();
  for (const { name, command, cannot } of all ? [...BUILDS, ...CHECKS] : BUILDS) {
    const startedAt = performance.now();
    const { code, output } = await run(command, { timeoutMs: CHECK_TIMEOUT_MS });
    const reason = code !== 0 && cannot?.(output);
    if (code === 0) tally.passed(name, `${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    else if (reason) tally.skipped(name, reason);
    else tally.failed(name, `${output}\n${command.join(" ")} ended with ${code}`);
  }
}
