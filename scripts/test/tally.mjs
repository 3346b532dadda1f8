/** Counts what passed, failed and was skipped, says so as it happens, and closes with the sum as the last line. */
export class Tally {
  #passed = 0;
  #failed = [];
  #skipped = [];

  passed(name, detail = "") {
    this.#passed++;
    this.#say("ok", name, detail);
  }

  /** `output` is shown whole: a failure is the one thing that somebody will read. */
  failed(name, output = "") {
    this.#failed.push(name);
    this.#say("FAILED", name);
    if (output.trim()) console.log(output.trimEnd().replaceAll(/^/gm, "    "));
  }

  skipped(name, reason) {
    this.#skipped.push({ name, reason });
    this.#say("skipped", name, reason);
  }

  /** What a test runner of its own has counted and shown already. */
  add({ passed, failed, skipped }) {
    this.#passed += passed;
    this.#failed.push(...failed);
    this.#skipped.push(...skipped);
  }

  /** Prints what failed, what was skipped and why, then the sum; returns the exit code. */
  close() {
    const reasons = Map.groupBy(this.#skipped, ({ reason }) => reason);
    for (const [reason, tests] of reasons) {
      console.log(`\nSkipped, because ${reason}:`);
      for (const { name } of tests) console.log(`  ${name}`);
    }
    if (this.#failed.length > 0) console.log("\nFailed:");
    for (const name of this.#failed) console.log(`  ${name}`);
    const nothing = this.#passed + this.#failed.length === 0;
    if (nothing) console.log("\nNothing ran, which is a failure.");
    console.log(`\n${this.#passed} passed, ${this.#failed.length} failed, ${this.#skipped.length} skipped`);
    return nothing || this.#failed.length > 0 ? 1 : 0;
  }

  #say(end, name, detail = "") {
    console.log(`${end.padEnd(8)}${name}${detail && `: ${detail}`}`);
  }
}
