import { describe, expect, test } from "@jest/globals";
import { FleetEstimate } from "../../../src/observe/fleet-estimate.js";
import type { Fleet } from "../../../src/pipeline/ports/metrics.js";
import { FakeClock } from "../../support/fake-clock.js";

const never = new AbortController().signal;

function setup(read?: () => Promise<Fleet | undefined>) {
  const clock = new FakeClock();
  const estimate = new FleetEstimate({ fleet: read && { read }, clock, random: () => 0.5 });
  return { clock, estimate };
}

describe("FleetEstimate", () => {
  test("is one task before anybody has told otherwise", () => {
    expect(setup().estimate.current).toEqual({ desired: 1, running: 1 });
  });

  test("believes ECS rather than the queue", async () => {
    const { estimate } = setup(async () => ({ desired: 40, running: 30 }));
    expect(await estimate.ask(never)).toBe(true);
    estimate.sawOwn(10);
    estimate.sawQueue({ visible: 0, inFlight: 1_000, delayed: 0 });
    expect(estimate.current).toEqual({ desired: 40, running: 30 });
  });

  test("asks the rarer the larger the fleet, a quarter of an hour apart at most", async () => {
    let tasks = 1;
    const { clock, estimate } = setup(async () => ({ desired: tasks, running: tasks }));
    const pauseAt = async (running: number) => {
      tasks = running;
      await estimate.ask(never);
      const before = clock.monotonic();
      while (!estimate.due) await clock.advance(1_000);
      return (clock.monotonic() - before) / 1000;
    };
    expect([await pauseAt(1), await pauseAt(300), await pauseAt(1_000), await pauseAt(5_000)]).toEqual([
      60, 90, 300, 900,
    ]);
  });

  test("keeps the last answer when the next one fails, never comes, or is none", async () => {
    const answers = [
      async () => ({ desired: 8, running: 7 }),
      () => Promise.reject(new Error("throttled")),
      async () => undefined,
      () => new Promise<never>(() => {}),
    ];
    const { clock, estimate } = setup(() => answers.shift()!());
    for (let each = 0; each < 3; each++) expect(await estimate.ask(never)).toBe(true);
    const asking = estimate.ask(never);
    await clock.advance(3_000);
    expect(await asking).toBe(true);
    expect(estimate.current).toEqual({ desired: 8, running: 7 });
  });

  test("takes its own share of the messages in flight where ECS tells nothing", async () => {
    const { estimate } = setup();
    expect(await estimate.ask(never)).toBe(false);
    for (let each = 0; each < 20; each++) estimate.sawOwn(9);
    estimate.sawQueue({ visible: 500, inFlight: 90, delayed: 3 });
    expect(estimate.current).toEqual({ desired: 10, running: 10 });
  });

  test("keeps its estimate while it holds no message to compare with", async () => {
    const { estimate } = setup();
    for (let each = 0; each < 20; each++) estimate.sawOwn(9);
    estimate.sawQueue({ visible: 0, inFlight: 90, delayed: 0 });
    for (let each = 0; each < 20; each++) estimate.sawOwn(0);
    estimate.sawQueue({ visible: 0, inFlight: 90, delayed: 0 });
    expect(estimate.current.running).toBe(10);
  });

  test("never thinks of itself as nobody, nor of more tasks than a service may have", async () => {
    const { estimate } = setup(async () => ({ desired: 0, running: 0 }));
    await estimate.ask(never);
    expect(estimate.current).toEqual({ desired: 1, running: 1 });
    const alone = setup().estimate;
    alone.sawOwn(1);
    alone.sawQueue({ visible: 0, inFlight: 120_000, delayed: 0 });
    expect(alone.current.running).toBe(5_000);
  });
});
