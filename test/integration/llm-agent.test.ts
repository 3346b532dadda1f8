import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "@jest/globals";
import { killCommands } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { AS_MODULE, asProgram, chat, IN_PROCESSES } from "../support/llm-agent.js";
import { ModelEndpoint } from "../support/model-endpoint.js";
import { RunBundle } from "../support/run-bundle.js";

afterAll(killCommands);

const CONVERSATIONS = 30;
const LIMITS = { callsPerSecond: 20, tokensPerSecond: 2_000 };
const BUDGETS = "model=20/s*4, model.tokens=2000/s";

describe("the agent on a language model", () => {
  test.each([
    ["as a module", AS_MODULE],
    ["as a module in processes", IN_PROCESSES],
    ["as a program", { ...asProgram(), USES: "model=2, model.tokens=200" }],
  ])(
    "%s keeps to its provider's limits, in calls and tokens",
    async (_, how) => {
      await using model = await ModelEndpoint.start(LIMITS);
      await using bundle = await RunBundle.start({ maxReceiveCount: 3 });
      bundle.send(...Array.from({ length: CONVERSATIONS }, (_each, n) => chat(`chat-${n}`)));
      const run = bundle.run({ ...how, BUDGETS, MODEL_URL: model.url, STATE: bundle.folder, CONCURRENCY: "20" });
      await eventually(
        async () => bundle.left,
        (left) => left === 0,
        90_000,
      );
      run.kill("SIGTERM");
      await run.exited;
      expect(model.answers).toEqual(Array(CONVERSATIONS).fill("It has 6 words."));
      expect(model.served).toBe(2 * CONVERSATIONS);
      expect(model.refused).toBeLessThanOrEqual(3);
      expect(await bundle.deadLetters()).toEqual([]);
    },
    120_000,
  );

  test("told of no budget, loses nothing to a provider that refuses", async () => {
    await using model = await ModelEndpoint.start(LIMITS);
    await using bundle = await RunBundle.start({ maxReceiveCount: 2 });
    bundle.send(...Array.from({ length: CONVERSATIONS }, (_each, n) => chat(`chat-${n}`)));
    await bundle.write(
      "agent.mjs",
      `import { busyIf } from ${JSON.stringify(pathToFileURL(join(process.cwd(), "dist/index.js")).href)};
       export default async () => {
         const body = JSON.stringify({ messages: [{ role: "user", content: "a b" }] });
         busyIf("model", await fetch(process.env.MODEL_URL + "/chat/completions", { method: "POST", body }));
       };`,
    );
    const run = bundle.run({ MODEL_URL: model.url, CONCURRENCY: "30" });
    await eventually(
      async () => bundle.left,
      (left) => left === 0,
      90_000,
    );
    run.kill("SIGTERM");
    await run.exited;
    expect(model.served).toBe(CONVERSATIONS);
    expect(model.refused).toBeGreaterThan(0);
    expect(await bundle.deadLetters()).toEqual([]);
  }, 120_000);
});
