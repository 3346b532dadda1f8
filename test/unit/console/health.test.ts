import { describe, expect, test } from "@jest/globals";
import { Health, type Pulse } from "../../../src/console/health.js";
import type { WorkerStatus } from "../../../src/pipeline/ports/status.js";
import { FakeClock } from "../../support/fake-clock.js";

function setup() {
  const clock = new FakeClock();
  const world = {
    status: {
      state: "running",
      slots: 2,
      busy: 0,
      buffered: 0,
      openPolls: 1,
      settling: 0,
      meanAgentSeconds: 0,
      lastReceiveOkAt: undefined,
    } as WorkerStatus,
    pulse: {
      receiveTrouble: undefined,
      copyTrouble: undefined,
      lastReceiveAt: undefined,
      handled: 0,
      hungAgents: 0,
    } as Pulse,
  };
  const health = new Health({
    status: () => world.status,
    get pulse() {
      return world.pulse;
    },
    clock,
  });
  const be = (change: Partial<WorkerStatus>) => (world.status = { ...world.status, ...change });
  const beat = (change: Partial<Pulse>) => (world.pulse = { ...world.pulse, ...change });
  /** Asks every ten seconds, as a load balancer does; the last answer. */
  const askFor = async (seconds: number) => {
    let stuck = health.stuck();
    for (let passed = 0; passed < seconds; passed += 10) {
      await clock.advance(10_000);
      stuck = health.stuck();
    }
    return stuck;
  };
  return { clock, health, be, beat, askFor };
}

describe("a worker lives", () => {
  test("while an idle one's long polls end", async () => {
    const { clock, beat, askFor } = setup();
    for (let minute = 0; minute < 30; minute++) {
      beat({ lastReceiveAt: clock.monotonic() });
      expect(await askFor(60)).toEqual([]);
    }
  });

  test("while it fetches nothing since so many messages wait in it for another run", async () => {
    const { clock, be, beat, askFor } = setup();
    beat({ lastReceiveAt: clock.monotonic() });
    be({ heldBack: 110, openPolls: 0 });
    expect(await askFor(900)).toEqual([]);
  });

  test("while its slots are full, for however long the agents take", async () => {
    const { clock, health, be, beat, askFor } = setup();
    beat({ lastReceiveAt: clock.monotonic() });
    be({ busy: 2, openPolls: 0 });
    expect(await askFor(3_600)).toEqual([]);
    be({ busy: 0, openPolls: 1 });
    expect(health.stuck()).toEqual([]);
    expect(await askFor(100)).toEqual([]);
  });

  test("while receives fail: a restart mends no network", async () => {
    const { clock, beat, askFor } = setup();
    const since = clock.monotonic();
    for (let minute = 0; minute < 30; minute++) {
      beat({ receiveTrouble: { cause: "unreachable", since }, lastReceiveAt: clock.monotonic() });
      expect(await askFor(60)).toEqual([]);
    }
  });

  test("though nobody asked while it was at work for long", async () => {
    const { clock, health, beat } = setup();
    expect(health.stuck()).toEqual([]);
    beat({ lastReceiveAt: clock.monotonic() + 1_000 });
    await clock.advance(3_600_000);
    beat({ handled: 1 });
    expect(health.stuck()).toEqual([]);
  });

  test("while it starts and while it drains", async () => {
    const { be, askFor } = setup();
    for (const state of ["idle", "starting", "draining", "stopped"] as const) {
      be({ state });
      expect(await askFor(600)).toEqual([]);
    }
  });
});

describe("a worker is stuck", () => {
  test("when it holds no message and no receive has ended for two minutes", async () => {
    const { clock, beat, askFor } = setup();
    beat({ lastReceiveAt: clock.monotonic() });
    expect(await askFor(120)).toEqual([]);
    expect(await askFor(10)).toEqual(["no receive has ended for 130 s although no message is held"]);
  });

  test("when every slot is held by an agent that ignores its abort", () => {
    const { health, be, beat } = setup();
    be({ busy: 2 });
    beat({ hungAgents: 1 });
    expect(health.stuck()).toEqual([]);
    beat({ hungAgents: 2 });
    expect(health.stuck()).toEqual(["each of the 2 slots is held by an agent that was aborted and runs on"]);
  });
});

describe("a worker is ready", () => {
  test("while it runs, and at no other time", () => {
    const { health, be } = setup();
    expect(health.unready()).toEqual([]);
    be({ state: "idle" });
    expect(health.unready()).toEqual(["not started"]);
    for (const state of ["starting", "draining", "stopped"] as const) {
      be({ state });
      expect(health.unready()).toEqual([state]);
    }
  });

  test("through a short streak of failed receives, but not through a long one", async () => {
    const { clock, health, beat } = setup();
    beat({ receiveTrouble: { cause: "throttled", since: clock.monotonic() } });
    await clock.advance(14_000);
    expect(health.unready()).toEqual([]);
    await clock.advance(6_000);
    expect(health.unready()).toEqual(["unable to receive for 20 s: throttled"]);
    beat({ receiveTrouble: undefined });
    expect(health.unready()).toEqual([]);
  });

  test("unless copies to the dead-letter queue fail for long, and their messages wait", async () => {
    const { clock, health, be, beat } = setup();
    beat({ copyTrouble: { since: clock.monotonic() } });
    be({ copies: 3 });
    await clock.advance(10_000);
    expect(health.unready()).toEqual([]);
    await clock.advance(10_000);
    expect(health.unready()).toEqual(["unable to copy to the dead-letter queue for 20 s: 3 wait, hidden"]);
    be({ copies: 0 });
    expect(health.unready()).toEqual([]);
  });
});
