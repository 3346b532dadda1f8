import { describe, expect, test } from "@jest/globals";
import { RunBundle } from "../support/run-bundle.js";

/** The shortest visibility timeout that there is; the agent blocks for longer. */
const VISIBILITY_TIMEOUT_SECONDS = 15;
const BLOCKED_SECONDS = 22;

const AGENT = `
  export default ({ raw }, { log }) => {
    log.info("began " + raw);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${BLOCKED_SECONDS * 1000});
    log.info("ended " + raw);
  };`;

describe("an agent that blocks the event loop for longer than the visibility timeout", () => {
  test("keeps its message: it runs once, with a second worker waiting for it, and is deleted", async () => {
    await using bundle = await RunBundle.start({ agent: AGENT });
    const workers = [1, 2].map(() => bundle.run({ VISIBILITY_TIMEOUT: String(VISIBILITY_TIMEOUT_SECONDS) }));
    bundle.send("x");
    await Promise.any(workers.map((worker) => worker.says(/began x/)));
    await Promise.any(workers.map((worker) => worker.says(/ended x/)));
    for (const worker of workers) worker.kill("SIGTERM");
    expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual([0, 0]);
    const said = workers.map(({ stdout }) => stdout).join("");
    expect(said.match(/began x/g)).toHaveLength(1);
    expect(bundle.left).toBe(0);
  }, 90_000);
});
