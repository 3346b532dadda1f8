import { writeFileSync } from "node:fs";
import { relative, sep } from "node:path";

/** Why a test was skipped, where its describe block says so: `image (skipped: no Docker engine answers)`. */
const REASON = /\(skipped: ([^)]+)\)/;

/**
 * One line a test file, the whole message of each failure, and the counts as JSON in $TEST_REPORT after every file, so
 * that a run which is cut short still counts.
 */
export default class LineReporter {
  #counts = { passed: 0, failed: [], skipped: [] };
  #root;

  constructor({ rootDir }) {
    this.#root = rootDir;
  }

  onRunStart() {
    this.#write();
  }

  onTestStart({ path }) {
    if (process.env.CI) process.stdout.write(`        ${this.#name(path)} …\n`);
  }

  onTestResult({ path }, { testResults, failureMessage, perfStats }) {
    const name = this.#name(path);
    const of = (...states) => testResults.filter(({ status }) => states.includes(status));
    const passed = of("passed").length;
    const failed = of("failed").map(({ fullName }) => `${name}: ${fullName}`);
    const skipped = of("pending", "skipped", "todo", "disabled").map(({ fullName }) => ({
      name: `${name}: ${fullName.replace(REASON, "").replaceAll(/ +/g, " ")}`,
      reason: REASON.exec(fullName)?.[1] ?? "the test is marked so",
    }));
    if (failed.length === 0 && failureMessage) failed.push(`${name}: the file could not be run`);

    this.#counts.passed += passed;
    this.#counts.failed.push(...failed);
    this.#counts.skipped.push(...skipped);
    this.#write();

    const end = failed.length > 0 ? "FAILED" : passed > 0 || skipped.length === 0 ? "ok" : "skipped";
    const seconds = ((perfStats.end - perfStats.start) / 1000).toFixed(1);
    const counts = [
      `${passed} passed`,
      failed.length > 0 && `${failed.length} failed`,
      skipped.length > 0 && `${skipped.length} skipped`,
    ];
    process.stdout.write(`${end.padEnd(8)}${name}: ${counts.filter(Boolean).join(", ")}, ${seconds} s\n`);
    if (failureMessage) process.stdout.write(`${failureMessage.trimEnd()}\n`);
  }

  onRunComplete() {
    this.#write();
  }

  #name(path) {
    return relative(this.#root, path).split(sep).slice(1).join("/").replace(/\.js$/, "");
  }

  #write() {
    writeFileSync(process.env.TEST_REPORT, JSON.stringify(this.#counts));
  }
}
