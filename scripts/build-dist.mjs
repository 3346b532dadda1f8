/**
 * Bundles the package's code from src/ into dist/, as `npm run build` does after the compiler has written it there: what is
 * imported or started by its path is replaced by what is bundled. The other files stay, for tools that measure them one by one.
 *
 * Half of a worker's start is finding, reading and compiling its files, so what `run` always needs is one file, and what
 * agents in processes of their own, the lease thread and the bundle of a Lambda function need are small ones. Whatever a
 * start may not need stays a file of its own, loaded when it is asked for. Packages stay packages, but for the logger and its like.
 */
import { chmod, rm } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SRC = join(ROOT, "src");
const DIST = join(ROOT, "dist");

/** What is imported or started by its path. */
const ENTRIES = [
  "cli.ts",
  "index.ts",
  "agent.ts",
  "lambda.ts",
  "cdk.ts",
  "worker/lease-thread.ts",
  "agents/module/module-host.ts",
  ...["time-warp", "end-with-parent", "queue-process", "scale-agent"].map((file) => `cli/dev/scale/${file}.ts`),
];
/** The files that a chunk is made for, with all that they import; what two of them need goes to the first. */
const CHUNKS = {
  message: [
    "agents/in-process.ts",
    "agents/module/module-host.ts",
    "pipeline/ports/deadline.ts",
    "pipeline/ports/idempotency.ts",
    "pipeline/run/run-control.ts",
    "text/alike.ts",
    "text/printable.ts",
    "tracing/message-lines.ts",
    "tracing/traced-handler.ts",
    "tracing/tracing.ts",
  ],
  lambda: ["agents/lambda/lambda.ts"],
  agent: ["agent.ts"],
  table: ["lambda.ts", "aws/dynamodb/default-target.ts", "aws/wire/sdk-options.ts"],
  lease: ["worker/lease-thread.ts"],
  sqs: ["aws/sqs/sqs-queue.ts"],
  run: ["cli.ts", "cli/run.ts", "worker/worker.ts", "aws/sqs/sqs-queue.ts", "agents/in-process.ts", "observe/log.ts"],
};

const source = (path) => join(SRC, path);

/** Names the chunk of a file; null leaves it to the bundler. */
function chunkNamer() {
  let chunkOf;
  return (id, graph) => {
    chunkOf ??= chunksByFile(graph);
    return chunkOf.get(id) ?? null;
  };
}

function chunksByFile(graph) {
  const chunks = new Map();
  const add = (id, chunk) => {
    if (chunks.has(id)) return;
    chunks.set(id, chunk);
    for (const imported of graph.getModuleInfo(id).importedIds) add(imported, chunk);
  };
  for (const [chunk, roots] of Object.entries(CHUNKS)) for (const root of roots) add(source(root), chunk);
  // A file that is started must not be part of one that is imported.
  for (const entry of ENTRIES) chunks.delete(source(entry));
  return chunks;
}

/** Of thirty files together, which every start would read. */
const BUNDLED = ["pino", "p-limit"];

/** What stays an import: Node's own modules, and packages but for those that are bundled, with what they import. */
function isExternal(id, importer = "") {
  if (isBuiltin(id)) return true;
  if (id.startsWith(".") || id.startsWith("/") || importer.includes("/node_modules/")) return false;
  return !BUNDLED.includes(id);
}

/** What pino writes with unless it is given something to write to, as ours is. Each wants a class, and a builtin or two. */
const UNUSED = ["sonic-boom", "thread-stream"];

const withoutUnused = {
  name: "without-unused",
  resolveId: (id) => (UNUSED.includes(id) ? `\0${id}.cjs` : null),
  load: (id) => (UNUSED.some((unused) => id === `\0${unused}.cjs`) ? "module.exports = class Unused {};" : null),
};

const BUILTIN_IMPORT =
  /^import (?:(?<whole>\w+)|\* as (?<all>\w+)|\{(?<names>[^}]*)\}) from "(?<module>node:[^"]+)";$/gm;

/** Of ASCII alone: V8 keeps a file with any other character at two bytes for each, and reads it more slowly. */
const asciiOnly = {
  name: "ascii-only",
  // Not when a chunk is rendered: it is printed once more after that.
  generateBundle(_, files) {
    for (const file of Object.values(files)) file.code = file.code?.replace(/[\u0080-\uffff]/g, escaped);
  },
};

/** Processes and threads that are many, or small: whatever they come to load, at once or later, isn't the worker. */
const SMALL = ["agent.js", "lambda.js", "worker/lease-thread.js", "agents/module/module-host.js"];

const keptSmall = {
  name: "kept-small",
  generateBundle(_, files) {
    const worker = Object.keys(files).find((name) => files[name].name === "run");
    for (const entry of SMALL) {
      const loaded = new Set([entry]);
      // A set goes on to what is added to it meanwhile.
      for (const name of loaded) {
        const { imports = [], dynamicImports = [] } = files[name] ?? {};
        for (const other of [...imports, ...dynamicImports]) loaded.add(other);
        if (name === worker)
          throw new Error(`${entry} loads the worker: give what it needs to another chunk of CHUNKS`);
      }
    }
  },
};

const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * Asks Node for its own modules in place of importing them: an import reads every export that a module has, some of which
 * load more modules (node:fs all that reads lines, node:crypto all of WebCrypto, node:http all of fetch), 15 ms of a start.
 */
const builtinsByName = {
  name: "builtins-by-name",
  renderChunk: (code) =>
    code
      .replace(BUILTIN_IMPORT, (_, whole, all, names, module) => {
        const taken = whole ?? all ?? `{${names.replaceAll(" as ", ": ")}}`;
        return `const ${taken} = process.getBuiltinModule("${module}");`;
      })
      // What is bundled requires nothing else; and a bundle in CommonJS form has no import.meta.url.
      .replace(/^const \{ createRequire \} = .*\n/m, "")
      .replace(
        /^var __require = .*createRequire\(import\.meta\.url\).*$/m,
        "var __require = process.getBuiltinModule;",
      ),
};

const bundle = await rolldown({
  input: Object.fromEntries(ENTRIES.map((entry) => [entry.replace(/\.ts$/, ""), source(entry)])),
  cwd: ROOT,
  platform: "node",
  plugins: [withoutUnused, builtinsByName, asciiOnly, keptSmall],
  external: isExternal,
  preserveEntrySignatures: "allow-extension",
  // Some are imported at once by one command and later by another.
  checks: { ineffectiveDynamicImport: false },
});
// Of earlier builds, whose chunks had other names.
await rm(join(DIST, "chunks"), { recursive: true, force: true });
await bundle.write({
  dir: DIST,
  format: "esm",
  // The types carry what editors show; licences stay.
  comments: { legal: true, annotation: true, jsdoc: false },
  // One folder below, where src/package/own-files.ts looks from.
  chunkFileNames: "chunks/[name]-[hash].js",
  // Each file is named a chunk by itself, above.
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ name: chunkNamer(), debugName: "what starts together" }],
  },
});
await bundle.close();
// npm does so for whoever installs the package, and for nobody who starts it from here.
await chmod(join(DIST, "cli.js"), 0o755);
