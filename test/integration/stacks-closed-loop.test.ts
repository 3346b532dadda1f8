import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { containerSuite } from "../support/container-suite.js";
import { runClosedLoop } from "../support/stacks/closed-loop-run.js";
import { ServiceBundle } from "../support/stacks/service-bundle.js";

const TIMEOUT_MS = 300_000;
const SLOTS = 2;
const RISE_AT = 30;
const FALL_AT = 120;

/** Machines are noisy, so the prediction is only asked for the size of the wait; docs/scaling.md has the figures. */
const FACTOR_MAX = 3;

containerSuite("the closed loop on MiniStack: published metrics, infra/scaling.yaml, UpdateService", () => {
  let bundle: ServiceBundle;
  beforeAll(async () => {
    bundle = await ServiceBundle.start({ Concurrency: String(SLOTS) });
  }, TIMEOUT_MS);
  afterAll(() => bundle?.ministack.stop(), TIMEOUT_MS);

  test(
    "a load that rises makes the policy add tasks, every message is handled once, and waits are as predicted",
    async () => {
      await bundle.settled(await bundle.send("first", 2, 10));

      const { ids, loop, waits, predicted, startSeconds } = await runClosedLoop(bundle, {
        slots: SLOTS,
        agentSeconds: 1,
        rateAt: (second) => (second >= RISE_AT && second < FALL_AT ? 6 : 1),
        seconds: 150,
      });

      expect(await bundle.account(ids)).toEqual({ missing: [], doubled: [] });
      const { visible } = await bundle.ministack.stacks.counts(bundle.queue.DeadLetterQueueUrl!);
      expect(visible).toBe(0);

      expect(loop.changes[0]).toMatchObject({ fromTasks: 1, policy: "BurstPolicy" });
      const ordered = loop.changes.at(-1)!.desiredTasks;
      // Six messages a second of a second each need three tasks of two slots.
      expect(ordered).toBeGreaterThanOrEqual(3);
      expect(await bundle.desiredCount()).toBe(ordered);
      expect(await bundle.ministack.taskContainers()).toHaveLength(ordered);

      const [real, simulated] = [waits.quantile(0.95), predicted.waitSeconds.p95];
      const tasks = [loop.changes, predicted.activities].map((changes) =>
        changes.map(({ second, desiredTasks }) => `${desiredTasks} at ${second} s`).join(", "),
      );
      console.log(
        `${ids.length} messages, tasks start in ${startSeconds} s; p95 wait ${real.toFixed(1)} s, ` +
          `simulated ${simulated.toFixed(1)} s; tasks ${tasks[0]}, simulated ${tasks[1]}`,
      );
      expect(real).toBeGreaterThan(simulated / FACTOR_MAX);
      expect(real).toBeLessThan(simulated * FACTOR_MAX);
    },
    TIMEOUT_MS,
  );
});
