import { describe, expect, test } from "@jest/globals";
import { FleetEstimate } from "../../../src/observe/fleet-estimate.js";
import { FleetWatch } from "../../../src/observe/fleet-watch.js";
import type { Backlog, Fleet } from "../../../src/pipeline/ports/metrics.js";
import type { WorkerStatus } from "../../../src/pipeline/ports/status.js";
import { FakeClock } from "../../support/fake-clock.js";

function setup({ read, inFlight = 0 }: { read?: () => Promise<Fleet | undefined>; inFlight?: number } = {}) {
  const clock = new FakeClock();
  const told: number[] = [];
  const guesses: boolean[] = [];
  const held = { busy: 0, buffered: 0, settling: 0 };
  const backlog: Backlog = { visible: 0, inFlight, delayed: 0 };
  let counted = 0;
  const counts = async () => {
    counted++;
    return backlog;
  };
  const watch = new FleetWatch({
    estimate: new FleetEstimate({ fleet: read && { read }, clock, random: () => 0.5 }),
    queue: { counts },
    status: () => held as WorkerStatus,
    clock,
    kept: true,
    onTasks(tasks, isGuess) {
      told.push(tasks);
      guesses.push(isGuess);
    },
  });
  return { clock, told, guesses, held, watch, counted: () => counted };
}

describe("who shares something with the fleet", () => {
  test("has none of it before the fleet was looked at", () => {
    expect(setup().told).toEqual([Number.POSITIVE_INFINITY]);
  });

  test("has its part of what ECS tells at the first look, those tasks included that don't run yet", async () => {
    const { clock, told, guesses, watch } = setup({ read: async () => ({ desired: 12, running: 3 }) });
    watch.start();
    await clock.advance(1);
    expect(told).toEqual([Number.POSITIVE_INFINITY, 12]);
    expect(guesses).toEqual([true, false]);
    watch.stop();
  });

  test("has little while nobody tells, and what it holds of all as soon as it holds something", async () => {
    const { clock, told, guesses, held, watch, counted } = setup({ inFlight: 30 });
    watch.start();
    await clock.advance(60_000);
    expect(new Set(told.slice(1))).toEqual(new Set([20]));
    expect(guesses.at(-1)).toBe(true);
    // Who holds nothing has nothing to ask for, after the first looks.
    expect(counted()).toBe(6);
    held.busy = 10;
    await clock.advance(300);
    expect(told.at(-1)).toBe(3);
    expect(guesses.at(-1)).toBe(false);
    watch.stop();
  });
});
