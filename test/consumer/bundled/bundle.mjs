import { build } from "esbuild";

/** Packages that are no ES modules ask for `require`, which a bundle in ES module form doesn't have. */
const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

const common = { entryPoints: ["program.mjs"], bundle: true, platform: "node", logLevel: "error" };
await build({ ...common, format: "esm", outfile: "out/program.mjs", banner: { js: REQUIRE } });
await build({ ...common, format: "cjs", outfile: "out/program.cjs", logOverride: { "empty-import-meta": "silent" } });
await build({ ...common, format: "esm", outfile: "out/external.mjs", external: ["queuehand"] });
