/**
 * `npm test`: everything that can be tested on this machine, as CI runs it. Each step is named as it starts and shows
 * its output if it fails; what can't run here is named with its reason; the last line is the sum.
 *
 *   npm test [-- --only checks|unit|embedded|containers] [-- --help]
 */
import { parseArgs } from "node:util";
import { runChecks } from "./test/checks.mjs";
import { Tally } from "./test/tally.mjs";
import { runTier, TIERS } from "./test/tiers.mjs";

const NODE_MIN = 22;
const GROUPS = ["checks", ...TIERS];
const HELP = `Usage: npm test [-- --only GROUP]...

Runs everything that can be tested here; exits 1 if anything failed or nothing ran.

  checks      build, types, lint and format, unused code, package, lock file, audit
  unit        unit tests and whole-pipeline simulations
  embedded    integration tests against queue servers in this process
  containers  integration tests that need Docker: real queue servers, the built image

  --only GROUP  runs one group alone; may be given several times
  --help        prints this`;

const { values } = parseArgs({ options: { only: { type: "string", multiple: true }, help: { type: "boolean" } } });
const wanted = values.only ?? GROUPS;
const unknown = wanted.filter((group) => !GROUPS.includes(group));

if (values.help) {
  console.log(HELP);
} else if (Number.parseInt(process.versions.node, 10) < NODE_MIN) {
  console.error(
    `Node ${NODE_MIN} or newer is needed, this is ${process.versions.node}; "npm test" finds the project's own`,
  );
  process.exitCode = 69;
} else if (unknown.length > 0) {
  console.error(`--only must be one of ${GROUPS.join(", ")}, got "${unknown.join('", "')}"`);
  process.exitCode = 64;
} else {
  const tally = new Tally();
  await runChecks(tally, { all: wanted.includes("checks") });
  for (const tier of TIERS) if (wanted.includes(tier)) await runTier(tier, tally);
  process.exitCode = tally.close();
}
