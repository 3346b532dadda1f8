/** `npm run bench`: queuehand and its peers side by side in one run; writes RESULTS.md. See README.md beside it. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, platform, release } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { monotonicMs } from "./clock.mjs";
import { killAll } from "./contestant.mjs";
import { TITLES, titleOf, whose } from "./line-up.mjs";
import { medianRun } from "./medians.mjs";
import { ROWS, rowText } from "./table.mjs";

const HELP = `npm run bench -- [options]    (all rows: about 30 minutes)

  --only 1,3       these rows alone (RESULTS.md is then left as it is)
  --with a,b       these contestants alone: ${Object.keys(TITLES).join(", ")}
  --runs N         runs of each, interleaved; the results are their medians (default 3)
  --seconds S      seconds at full speed, in turns of one (default 3)
  --profile[=NAME] a CPU profile of queuehand (or NAME) under row 1's load, summed up; nothing else
  --body-bytes N   size of the bodies for --profile (default 256)
  --no-build       takes dist/ as it is
  --json           the results as one JSON object on stdout, progress on stderr
  --help`;

const root = fileURLToPath(new URL("..", import.meta.url));
const bench = fileURLToPath(new URL(".", import.meta.url));

const args = process.argv.slice(2).map((arg) => (arg === "--profile" ? "--profile=queuehand" : arg));
const { values: options } = parseArgs({
  args,
  options: {
    only: { type: "string" },
    with: { type: "string" },
    runs: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    profile: { type: "string" },
    "body-bytes": { type: "string", default: "256" },
    "no-build": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const startedAt = monotonicMs();
function progress(text) {
  console.error(`${((monotonicMs() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${text}`);
}

/** What a run needs on the disk: the peers, and queuehand as it is now. */
function prepare() {
  const npm = (...words) => execFileSync("npm", words, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (!existsSync(`${bench}node_modules`)) {
    progress("installing the peers");
    npm("ci", "--prefix", "bench", "--no-audit", "--no-fund");
  }
  if (options["no-build"]) return;
  progress("building queuehand");
  npm("run", "build");
}

/** The medians of one measurement, by contestant; a contestant that fails is reported and doesn't end the others. */
async function measure(
  key,
  { contestants, trial, relay, together, behind, once, timesRuns = 1 },
  { runs, seconds, chosen },
) {
  const names = contestants.filter((name) => !chosen || chosen.includes(whose(name)));
  const found = Object.fromEntries(names.map((name) => [name, []]));
  const report = (name, error, run) => {
    if (error) found[name].failed = error.message;
    else found[name].push(run);
    progress(`${key}: ${titleOf(name)}: ${error ? error.message : figures(run)}`);
  };
  const attempt = (name) =>
    trial(name, { seconds }).then(
      (run) => report(name, undefined, run),
      (error) => report(name, error),
    );
  for (let run = 0; run < (behind || once ? 1 : runs * timesRuns); run++) {
    if (relay) await relay(names, { seconds }, report);
    else if (together) await Promise.all(names.map(attempt));
    else for (const name of names) await attempt(name);
  }
  return Object.fromEntries(
    names.map((name) => {
      const { failed } = found[name];
      return [name, failed ? { failed } : medianRun(found[name])];
    }),
  );
}

const figures = (run) =>
  Object.entries(run)
    .map(([field, value]) => `${field} ${typeof value === "number" ? Number(value.toFixed(2)) : value}`)
    .join(", ");

/** Versions and machine, without which no figure means anything. */
function terms({ runs, seconds }) {
  const require = createRequire(`${bench}package.json`);
  const version = (name, from = bench) =>
    JSON.parse(readFileSync(`${from}node_modules/${name}/package.json`, "utf8")).version;
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine: `${cpus().length} × ${cpu.model}, ${platform()} ${release()}`,
    load: loadavg()[0].toFixed(2),
    queuehand: require("../package.json").version,
    "@aws-sdk/client-sqs": version("@aws-sdk/client-sqs"),
    "sqs-consumer": version("sqs-consumer"),
    "squiss-ts": version("squiss-ts"),
    fauxqs: version("fauxqs", root),
    runs,
    seconds,
  };
}

function document(facts, rows, medians) {
  const { date, node, machine, load, runs, seconds, ...versions } = facts;
  return [
    "# Results",
    "",
    `Written by \`npm run bench\` on ${date}: medians of ${runs} interleaved runs, ${seconds} s each at full speed; what is measured and how is in [README.md](README.md).`,
    "",
    `Node ${node}; ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}; ${machine}, load ${load} at the start.`,
    "",
    rows.map((row) => rowText(row, medians)).join("\n\n"),
    "",
  ].join("\n");
}

async function main() {
  if (options.help) return console.log(HELP);
  const [runs, seconds] = [Number(options.runs), Number(options.seconds)];
  if (!(runs >= 1 && seconds >= 1)) throw new Error("--runs and --seconds must be numbers of at least 1");
  const bodyBytes = Number(options["body-bytes"]);
  if (!(Number.isInteger(bodyBytes) && bodyBytes >= 32 && bodyBytes <= 1024 * 1024))
    throw new Error(`--body-bytes must be between 32 and 1048576, got "${options["body-bytes"]}"`);
  prepare();
  if (options.profile) {
    const { profile } = await import("./profile.mjs");
    progress(`profiling ${options.profile}`);
    return console.log(await profile(options.profile, { seconds: 2 * seconds, bodyBytes }));
  }
  const wanted = options.only?.split(",").map(Number);
  const rows = ROWS.filter(({ number }) => !wanted || wanted.includes(number));
  if (rows.length === 0) throw new Error(`--only takes numbers of rows, 1 to ${ROWS.length}, got "${options.only}"`);
  const facts = terms({ runs, seconds });
  const { MEASUREMENTS } = await import("./measurements.mjs");
  const needed = Object.entries(MEASUREMENTS).filter(([key]) => rows.some(({ needs }) => needs.includes(key)));
  const how = { runs, seconds, chosen: options.with?.split(",") };
  const medians = {};
  const behind = [];
  for (const [key, measurement] of needed) {
    const measuring = measure(key, measurement, how).then((result) => {
      medians[key] = result;
    });
    if (measurement.behind) behind.push(measuring);
    else await measuring;
  }
  await Promise.all(behind);
  const text = document(facts, rows, medians);
  console.log(options.json ? JSON.stringify({ ...facts, medians }, undefined, 2) : text);
  if (!options.only && !options.with) writeFileSync(`${bench}RESULTS.md`, text);
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    killAll();
    process.exit(130);
  });
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  killAll();
}
