import { describe, expect, test } from "@jest/globals";
import { type Counts, type KeptMetrics, QueueKeeper } from "../../infra/keeper/queue-keeper.js";
import { FakeClock } from "../support/fake-clock.js";

const EMPTY: Counts = { visible: 0, inFlight: 0, delayed: 0 };
const ASLEEP: KeptMetrics = { SlotDemand: 0, BacklogMessages: 0 };
const WATCH_MS = 55_000;
const LOOK_MS = 5_000;

/** A keeper on a queue and services whose state is set by hand, and what it has published at which second. */
function setup() {
  const clock = new FakeClock();
  const startedAt = clock.monotonic();
  const state = { counts: EMPTY, desired: 0, looks: 0, fault: undefined as Error | undefined };
  const published: (KeptMetrics & { at: number })[] = [];
  const keeper = new QueueKeeper({
    clock,
    async counts() {
      state.looks++;
      if (state.fault) throw state.fault;
      return state.counts;
    },
    desiredTasks: async () => state.desired,
    publish: async (metrics) => {
      published.push({ ...metrics, at: (clock.monotonic() - startedAt) / 1000 });
    },
  });
  return { clock, state, published, watched: () => keeper.watch(WATCH_MS) };
}

describe("QueueKeeper", () => {
  test("looks at the queue once and publishes nothing while a service has a task", async () => {
    const { state, published, watched } = setup();
    state.desired = 1;

    await watched();

    expect(state.looks).toBe(1);
    expect(published).toEqual([]);
  });

  test("tells once a watch that the queue is empty while all services sleep", async () => {
    const { clock, state, published, watched } = setup();

    const watch = watched();
    await clock.advance(WATCH_MS);
    await watch;

    expect(published).toEqual([{ ...ASLEEP, at: 0 }]);
    expect(state.looks).toBe(WATCH_MS / LOOK_MS + 1);
  });

  test("tells of a message within 5 seconds, as the highest demand there is", async () => {
    const { clock, state, published, watched } = setup();
    const watch = watched();
    await clock.advance(LOOK_MS + 1_000);

    state.counts = { visible: 3, inFlight: 0, delayed: 1 };
    await clock.advance(LOOK_MS);

    expect(published.at(-1)).toEqual({ SlotDemand: 100_000, BacklogMessages: 4, at: 10 });
    await clock.advance(WATCH_MS);
    await watch;
  });

  test("keeps telling of it in every period until a task is ordered, then leaves", async () => {
    const { clock, state, published, watched } = setup();
    state.counts = { ...EMPTY, visible: 1 };
    const watch = watched();
    await clock.advance(2 * LOOK_MS);

    state.desired = 1;
    await clock.advance(LOOK_MS);
    await watch;

    expect(published.map(({ SlotDemand, at }) => [at, SlotDemand])).toEqual([
      [0, 100_000],
      [5, 100_000],
      [10, 100_000],
    ]);
  });

  test("wakes nobody for messages that are delayed or in flight", async () => {
    const { clock, state, published, watched } = setup();
    state.counts = { visible: 0, inFlight: 2, delayed: 5 };

    const watch = watched();
    await clock.advance(WATCH_MS);
    await watch;

    expect(published).toEqual([{ SlotDemand: 0, BacklogMessages: 7, at: 0 }]);
  });

  test("goes on after a look that failed, and says so at the end", async () => {
    const { clock, state, published, watched } = setup();
    state.fault = new Error("throttled");
    const watch = watched();
    const ended = expect(watch).rejects.toThrow("throttled");
    await clock.advance(LOOK_MS - 1);

    state.fault = undefined;
    await clock.advance(WATCH_MS);

    await ended;
    expect(published).toEqual([{ ...ASLEEP, at: 5 }]);
  });
});
