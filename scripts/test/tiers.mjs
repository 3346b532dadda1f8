import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { ROOT, run } from "./command.mjs";
import { buildImage } from "./image.mjs";

/** How the tests of a tier run. Containers run one file at a time: each brings servers of some hundred megabytes. */
const HOW = {
  unit: { workers: 2, testTimeoutMs: 20_000, timeoutMs: 900_000 },
  embedded: { workers: 2, testTimeoutMs: 60_000, timeoutMs: 1_800_000 },
  containers: { workers: 1, testTimeoutMs: 120_000, timeoutMs: 2_400_000 },
};

export const TIERS = Object.keys(HOW);

const TESTS = join("build", "test");
const NEEDS_DOCKER =
  /from "(testcontainers|[./]+\/support\/(container-suite|docker|image|image-suite|localstack|toxiproxy)\.js)"/;

/** A test that imports the container support is a container test; the other integration tests are embedded ones. */
function tierOf(file) {
  if (NEEDS_DOCKER.test(readFileSync(join(ROOT, TESTS, file), "utf8"))) return "containers";
  return file.startsWith(`integration${sep}`) ? "embedded" : "unit";
}

function filesOf(tier) {
  const all = readdirSync(join(ROOT, TESTS), { recursive: true });
  return all.filter((file) => file.endsWith(".test.js") && tierOf(file) === tier).sort();
}

/** Jest says so of every run that it ends itself, as `--forceExit` asks. */
const FORCED = /^Force exiting Jest/;
const onLine = (line) => FORCED.test(line) || console.log(line);

/** Runs the tests of one tier through jest and adds their ends to the tally. */
export async function runTier(tier, tally) {
  const { workers, testTimeoutMs, timeoutMs } = HOW[tier];
  const files = filesOf(tier);
  console.log(`\n${tier}: ${files.length} test files`);
  if (files.length === 0) return;

  const image = tier === "containers" ? await buildImage(tally) : {};
  const folder = mkdtempSync(join(tmpdir(), "queuehand-test-"));
  const report = join(folder, "report.json");
  const { code, output } = await run(
    [
      "node",
      "--experimental-vm-modules",
      "--disable-warning=ExperimentalWarning",
      join("node_modules", "jest", "bin", "jest.js"),
      "--reporters=<rootDir>/scripts/test/jest-reporter.mjs",
      `--maxWorkers=${workers}`,
      `--testTimeout=${testTimeoutMs}`,
      "--forceExit",
      "--runTestsByPath",
      ...files.map((file) => join(TESTS, file)),
    ],
    { env: { ...image, TEST_REPORT: report, FORCE_COLOR: process.stdout.isTTY ? "1" : "0" }, timeoutMs, onLine },
  );

  let counts;
  try {
    counts = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    tally.failed(`${tier} tests ran to their end`, `${output}\njest ended with ${code} and left no report`);
    return;
  } finally {
    rmSync(folder, { recursive: true });
  }
  tally.add(counts);
  if (code !== 0 && counts.failed.length === 0) tally.failed(`${tier} tests`, `jest ended with ${code}`);
}
