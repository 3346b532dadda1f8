import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { ProcessPool } from "../../src/agents/module/process-pool.js";
import { described } from "../../src/pipeline/ports/thrown.js";
import { HandRun, KeptLog, received } from "../support/agent-bundle.js";
import { ODD_THROWS } from "../support/odd-throws.js";

// A process of its own for each of them takes a while.
jest.setTimeout(60_000);

const LIST = pathToFileURL(join(process.cwd(), "build", "test", "support", "odd-throws.js"));

let folder: string;
let pool: ProcessPool | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-odd-"));
});
afterEach(async () => {
  await pool?.stop();
  await rm(folder, { recursive: true });
});

describe.each([
  ["a pool of processes", {}],
  ["a process for each message", { runsMax: 1 }],
])("in %s", (_name, options) => {
  test("whatever an agent throws is a plain retry of its own message", async () => {
    const path = join(folder, "agent.mjs");
    await writeFile(
      path,
      `import { ODD_THROWS } from ${JSON.stringify(LIST.href)};
      export default async ({ body }) => { if (body !== "healthy") throw ODD_THROWS[body](); };`,
    );
    const log = new KeptLog();
    pool = new ProcessPool({ path, slots: 4, logs: { of: log.logFor, own: log.logFor() }, ...options });
    await pool.start();
    const run = (body: string) => pool!.run(received(JSON.stringify(body)), new HandRun());
    for (const name of Object.keys(ODD_THROWS)) {
      const [odd, healthy] = await Promise.all([run(name), run("healthy")]);
      expect([name, Object.keys(odd), odd.kind]).toEqual([name, ["kind", "error"], "retry"]);
      expect(described((odd as { error: unknown }).error).message.length).toBeLessThan(5_000);
      // None of them took its process along.
      expect(odd).not.toMatchObject({ error: { name: "ProcessDied" } });
      expect([name, healthy]).toEqual([name, { kind: "done" }]);
    }
    expect(log.entries.map(({ text }) => text)).not.toContain("a line of the agent's process was ignored");
  });
});
