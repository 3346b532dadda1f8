import { describe, expect, test } from "@jest/globals";
import type { Climate } from "../support/fleet/climate.js";
import { Fleet } from "../support/fleet/fleet.js";
import { judge } from "../support/fleet/judge.js";
import type { Scheduled } from "../support/fleet/schedule.js";
import { storyOf } from "../support/fleet/story.js";
import { Tally } from "../support/fleet/tally.js";

const SECONDS = 600;
const DEPLOYMENT_SECONDS = 30;
const TASKS = 6;
/** Three quarters of what six tasks of four slots can do. */
const MESSAGES_A_SECOND = 7;
/** A life takes a second or two; a loaded machine may take ten times as long. */
const TIMEOUT_MS = 120_000;

const never = { from: 0, to: 0 };

/** What a user has who has set nothing but the slots and, because of the kills, a short visibility timeout. */
const CLIMATE: Climate = {
  seed: 1,
  fifo: false,
  groups: 0,
  tasks: TASKS,
  slots: 4,
  visibilitySeconds: 30,
  maxReceiveCount: 5,
  shutdownSeconds: 110,
  pollSeconds: 20,
  maxMessages: 10,
  backoff: undefined,
  keys: false,
  agents: {
    seconds: [0.05, 5],
    slow: { ...never, times: 1 },
    outage: { ...never, end: "throw" },
    poisonPercent: 0,
    rejectPercent: 0,
    deferPercent: 0,
    failPercent: 0,
  },
  travelMs: 5,
  lostPercent: 0,
  seconds: SECONDS,
};

/** Messages that come evenly, and every half minute a deployment that replaces one task after the other. */
function deployments(): Scheduled[] {
  const scheduled: Scheduled[] = [];
  for (let at = 0; at < SECONDS; at++) scheduled.push({ at, event: { kind: "send", count: MESSAGES_A_SECOND } });
  for (let from = DEPLOYMENT_SECONDS; from < SECONDS; from += DEPLOYMENT_SECONDS) {
    for (let task = 0; task < TASKS; task++) {
      scheduled.push({ at: from + task * 2, event: { kind: "start" } });
      scheduled.push({ at: from + task * 2 + 1, event: { kind: "stop" } });
    }
  }
  return scheduled.sort((a, b) => a.at - b.at);
}

function kills(): Scheduled[] {
  const ats = Array.from({ length: SECONDS / DEPLOYMENT_SECONDS }, (_, n) => (n + 0.5) * DEPLOYMENT_SECONDS);
  return ats.map((at) => ({ at, event: { kind: "kill" } }));
}

/** What came of it, as a table has it. */
async function figures(schedule: readonly Scheduled[]) {
  const remains = await new Fleet(CLIMATE).live([...schedule].sort((a, b) => a.at - b.at));
  const tally = new Tally();
  tally.add(remains);
  if (process.env.FLEET_SEEDS) process.stdout.write(`fleet of ${TASKS}: ${tally.text()}\n`);
  const violations = judge(remains).map((violation) => storyOf(remains, violation));
  return { receivesEach: tally.receivesEach, dead: tally.dead, left: remains.queue.ids().length, violations };
}

describe("A fleet of six with agents of 0.05 to 5 seconds", () => {
  test(
    "costs 1.01 receives a message though it is deployed every half minute",
    async () => {
      const { receivesEach, ...rest } = await figures(deployments());
      expect(rest).toEqual({ dead: 0, left: 0, violations: [] });
      expect(receivesEach).toBeLessThanOrEqual(1.01);
    },
    TIMEOUT_MS,
  );

  test(
    "costs 1.05 receives a message, and no message, though a task is killed every half minute besides",
    async () => {
      const { receivesEach, ...rest } = await figures([...deployments(), ...kills()]);
      expect(rest).toEqual({ dead: 0, left: 0, violations: [] });
      expect(receivesEach).toBeLessThanOrEqual(1.05);
    },
    TIMEOUT_MS,
  );
});
