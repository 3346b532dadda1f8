import { describe, expect, test } from "@jest/globals";
import type { Fact, ProtectionTrouble } from "../../../../src/pipeline/ports/telemetry.js";
import { TaskProtection } from "../../../../src/pipeline/protect/protection.js";
import { ProtectionError, type TaskGuard } from "../../../../src/pipeline/protect/task-guard.js";
import { FakeClock } from "../../../support/fake-clock.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

type Mood = "well" | "slow" | "silent" | ProtectionTrouble;

/** A task's protection by a guard that is in a mood, and remembers what it was asked and when. */
function setup({ random = 0.5 } = {}) {
  const clock = new FakeClock();
  const facts: Fact[] = [];
  const calls: { at: number; call: "protect" | "release"; minutes?: number }[] = [];
  const startedAt = clock.monotonic();
  const state = { mood: "well" as Mood, retryAfterMs: 0 };
  const answer = async (signal: AbortSignal) => {
    if (state.mood === "well") return;
    if (state.mood === "slow") return new Promise<void>((resolve) => void clock.setTimer(resolve, SECOND));
    if (state.mood === "silent") {
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    throw new ProtectionError(state.mood as ProtectionTrouble, `is ${state.mood}`, state.retryAfterMs);
  };
  const at = () => clock.monotonic() - startedAt;
  const guard: TaskGuard = {
    protect(minutes, signal) {
      calls.push({ at: at(), call: "protect", minutes });
      return answer(signal);
    },
    release(signal) {
      calls.push({ at: at(), call: "release" });
      return answer(signal);
    },
  };
  const protection = new TaskProtection({
    guard,
    clock,
    telemetry: (fact) => facts.push(fact),
    longestRunSeconds: 900,
    random: () => random,
  });
  const about = (messageId: string) => ({ messageId, receiveCount: 1 });
  return {
    clock,
    calls,
    facts,
    state,
    protection,
    begin: (id = "m") => protection.record({ kind: "started", delivery: about(id), inQueueMs: 0, bufferedMs: 0 }),
    end: (id = "m") => protection.record({ kind: "ended", delivery: about(id), outcome: "done", agentMs: 1 }),
    drain: () => protection.record({ kind: "lifecycle", state: "draining" }),
    asked: () => calls.map(({ call }) => call),
    failures: () => facts.flatMap((fact) => (fact.kind === "protectionFailed" ? [fact.trouble] : [])),
  };
}

describe("A task's protection", () => {
  test("is asked for when the task becomes busy, for minutes, and ended after it was idle for a while", async () => {
    const { clock, calls, facts, begin, end } = setup();
    begin();
    await clock.advance(2 * SECOND);
    expect(calls).toEqual([{ at: 1_000, call: "protect", minutes: 10 }]);
    end();
    await clock.advance(14 * SECOND);
    expect(calls).toHaveLength(1);
    await clock.advance(6 * SECOND);
    expect(calls.slice(1)).toEqual([{ at: 19_500, call: "release" }]);
    expect(facts).toEqual([
      { kind: "protection", on: true, failures: 0 },
      { kind: "protection", on: false, failures: 0 },
    ]);
    expect(clock.timers).toBe(0);
  });

  test("is renewed before half of its life is over, for as long as the task is busy", async () => {
    const { clock, calls, facts, begin } = setup();
    begin();
    await clock.advance(60 * MINUTE);
    const gaps = calls.slice(1).map(({ at }, index) => at - calls[index]!.at);
    expect(gaps.length).toBeGreaterThan(10);
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(4 * MINUTE);
      expect(gap).toBeLessThanOrEqual(5 * MINUTE);
    }
    expect(facts).toHaveLength(1);
  });

  test.each([0, 0.999])("is spread over a fleet that becomes busy at once (lot %d)", async (random) => {
    const { clock, calls, begin } = setup({ random });
    begin();
    await clock.advance(10 * MINUTE);
    expect(calls[0]!.at).toBeCloseTo(random * 2 * SECOND);
    expect(calls[1]!.at - calls[0]!.at).toBeCloseTo(5 * MINUTE * (1 - 0.2 * random));
  });

  test("does not flap while messages trickle in", async () => {
    const { clock, asked, begin, end } = setup();
    for (let message = 0; message < 180; message++) {
      begin();
      await clock.advance(2 * SECOND);
      end();
      await clock.advance(8 * SECOND);
    }
    // Half an hour: asked for once, and let go when it was to be renewed for no run that was there before.
    expect(asked()).toEqual(["protect", "release"]);
  });

  test("costs nothing for agents that end at once", async () => {
    const { clock, calls, begin, end } = setup();
    for (let message = 0; message < 100; message++) {
      begin();
      end();
      await clock.advance(SECOND);
    }
    await clock.advance(MINUTE);
    expect(calls).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test("is let go by a task that is always busy with short runs, so that a deployment gets through", async () => {
    const { clock, asked, begin, end } = setup();
    const busyWithShortRuns = async (runs: number) => {
      for (let run = 0; run < runs; run++) {
        begin(`short ${run}`);
        if (run > 0) end(`short ${run - 1}`);
        await clock.advance(10 * SECOND);
      }
      end(`short ${runs - 1}`);
    };
    await busyWithShortRuns(360);
    expect(asked()).toEqual(["protect", "release"]);
    begin("long");
    await busyWithShortRuns(12);
    expect(asked()).toEqual(["protect", "release", "protect"]);
    await busyWithShortRuns(60);
    expect(asked().slice(3)).toEqual(["protect", "protect"]);
    end("long");
    await clock.advance(MINUTE);
    expect(asked().at(-1)).toBe("release");
  });

  test("is let go for ten minutes in two hours where long runs overlap for ever", async () => {
    const { clock, calls, begin, end } = setup();
    for (let run = 0; run < 60; run++) {
      begin(`${run}`);
      if (run > 1) end(`${run - 2}`);
      await clock.advance(10 * MINUTE);
    }
    const releases = calls.filter(({ call }) => call === "release").map(({ at }) => at);
    expect(releases).toHaveLength(4);
    expect(releases[0]).toBeGreaterThanOrEqual(120 * MINUTE);
    expect(releases[0]).toBeLessThanOrEqual(125 * MINUTE);
    const again = calls.find(({ at, call }) => call === "protect" && at > releases[0]!)!.at;
    expect(again - releases[0]!).toBeGreaterThanOrEqual(10 * MINUTE);
    expect(again - releases[0]!).toBeLessThanOrEqual(12 * MINUTE);
  });

  test("is asked for anew at once when the task becomes busy while its release is on its way", async () => {
    const { clock, asked, state, begin, end } = setup();
    begin();
    await clock.advance(2 * SECOND);
    end();
    state.mood = "slow";
    await clock.advance(18 * SECOND);
    expect(asked()).toEqual(["protect", "release"]);
    begin();
    await clock.advance(3 * SECOND);
    expect(asked()).toEqual(["protect", "release", "protect"]);
  });

  test("counts its two hours from when the task became busy, not from an earlier time", async () => {
    const { clock, asked, begin, end } = setup();
    begin("short");
    await clock.advance(100);
    end("short");
    await clock.advance(180 * MINUTE);
    begin();
    await clock.advance(119 * MINUTE);
    expect(asked()).not.toContain("release");
  });

  test("holds until the last of several agents has ended", async () => {
    const { clock, asked, begin, end } = setup();
    begin("a");
    begin("b");
    await clock.advance(2 * SECOND);
    end("a");
    await clock.advance(MINUTE);
    expect(asked()).toEqual(["protect"]);
    end("b");
    await clock.advance(MINUTE);
    expect(asked()).toEqual(["protect", "release"]);
  });
});

describe("A protection that is refused", () => {
  test.each(["blocked", "throttled", "unreachable"] as const)(
    "since the platform is %s, is told once, asked for again ever more rarely, and had when that is over",
    async (mood) => {
      const { clock, calls, facts, state, failures, begin } = setup();
      state.mood = mood;
      begin();
      await clock.advance(10 * MINUTE);
      expect(failures()).toEqual([mood]);
      expect(calls.length).toBeGreaterThan(10);
      expect(calls.length).toBeLessThan(30);
      const gaps = calls.slice(1).map(({ at }, index) => at - calls[index]!.at);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(SECOND);
      expect(gaps.at(-1)).toBeGreaterThan(gaps[0]!);
      state.mood = "well";
      const before = calls.length;
      await clock.advance(2 * MINUTE);
      expect(calls).toHaveLength(before + 1);
      expect(facts.at(-1)).toEqual({ kind: "protection", on: true, failures: before });
    },
  );

  test.each(["denied", "impossible"] as const)("for good (%s) is asked for four times an hour", async (mood) => {
    const { clock, calls, state, failures, begin } = setup();
    state.mood = mood;
    begin();
    await clock.advance(59 * MINUTE);
    expect(calls).toHaveLength(4);
    expect(failures()).toEqual([mood]);
  });

  test("is not asked for again before the platform wants, however often the task becomes busy", async () => {
    const { clock, calls, state, begin, end } = setup();
    state.mood = "throttled";
    state.retryAfterMs = 2 * MINUTE;
    for (let message = 0; message < 140; message++) {
      begin();
      await clock.advance(700);
      end();
      await clock.advance(100);
    }
    expect(calls).toHaveLength(1);
  });

  test("is told anew when the trouble is another", async () => {
    const { clock, state, failures, begin } = setup();
    state.mood = "blocked";
    begin();
    await clock.advance(MINUTE);
    state.mood = "silent";
    await clock.advance(3 * MINUTE);
    state.mood = "blocked";
    await clock.advance(3 * MINUTE);
    expect(failures()).toEqual(["blocked", "unreachable", "blocked"]);
  });

  test("when it was to be renewed still lasts, and says for how long", async () => {
    const { clock, facts, state, begin } = setup();
    begin();
    await clock.advance(2 * SECOND);
    state.mood = "unreachable";
    await clock.advance(6 * MINUTE);
    const failed = facts.find(({ kind }) => kind === "protectionFailed") as { lastsMs: number };
    expect(failed.lastsMs).toBeGreaterThanOrEqual(5 * MINUTE);
    state.mood = "well";
    await clock.advance(2 * MINUTE);
    expect(facts.at(-1)).toMatchObject({ kind: "protection", on: true });
  });

  test("is given up for idle tasks", async () => {
    const { clock, calls, state, begin, end } = setup();
    state.mood = "blocked";
    begin();
    await clock.advance(10 * SECOND);
    end();
    await clock.advance(2 * MINUTE);
    const before = calls.length;
    await clock.advance(60 * MINUTE);
    expect(calls).toHaveLength(before);
    expect(clock.timers).toBe(0);
  });
});

describe("A call without an answer", () => {
  test("ends after seconds, and is one of at most one", async () => {
    const { clock, calls, state, begin, end } = setup();
    state.mood = "silent";
    begin();
    await clock.advance(2 * SECOND);
    for (let second = 0; second < 4; second++) {
      end();
      begin();
      await clock.advance(SECOND);
    }
    expect(calls).toHaveLength(1);
    await clock.advance(10 * SECOND);
    expect(calls).toHaveLength(2);
  });

  test("may have been heard, so an idle task is released all the same", async () => {
    const { clock, asked, state, begin, end } = setup();
    state.mood = "silent";
    begin();
    await clock.advance(8 * SECOND);
    end();
    state.mood = "well";
    await clock.advance(MINUTE);
    expect(asked().at(-1)).toBe("release");
  });

  test("for a release is tried again, until the protection has run out anyway", async () => {
    const { clock, calls, state, begin, end } = setup();
    begin();
    await clock.advance(2 * SECOND);
    end();
    state.mood = "unreachable";
    await clock.advance(20 * MINUTE);
    const releases = calls.filter(({ call }) => call === "release");
    expect(releases.length).toBeGreaterThan(5);
    expect(releases.at(-1)!.at).toBeLessThanOrEqual(10 * MINUTE + 2 * SECOND);
    expect(clock.timers).toBe(0);
  });
});

describe("A draining task", () => {
  test("keeps its protection while an agent runs, and is released as soon as none does", async () => {
    const { clock, calls, begin, end, drain } = setup();
    begin();
    await clock.advance(2 * SECOND);
    drain();
    await clock.advance(90 * SECOND);
    expect(calls).toHaveLength(1);
    end();
    await clock.advance(0);
    expect(calls.slice(1)).toEqual([{ at: 92_000, call: "release" }]);
  });

  test("that is idle is released at once, without the grace", async () => {
    const { clock, asked, begin, end, drain } = setup();
    begin();
    await clock.advance(2 * SECOND);
    end();
    drain();
    await clock.advance(0);
    expect(asked()).toEqual(["protect", "release"]);
  });

  test("asks for no protection any more", async () => {
    const { clock, calls, begin, drain } = setup();
    begin();
    drain();
    await clock.advance(30 * MINUTE);
    expect(calls).toEqual([]);
  });
});

describe("Stopping", () => {
  test("releases what an agent that ignored its abort still holds", async () => {
    const { clock, asked, protection, begin, drain } = setup();
    begin();
    await clock.advance(2 * SECOND);
    drain();
    await protection.stop();
    expect(asked()).toEqual(["protect", "release"]);
    expect(clock.timers).toBe(0);
  });

  test("makes no call where nothing is protected, and is harmless twice and before any start", async () => {
    const { clock, calls, protection, begin } = setup();
    await protection.stop();
    await protection.stop();
    begin();
    await clock.advance(30 * MINUTE);
    expect(calls).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test("waits two seconds at most for an endpoint that is silent", async () => {
    const { clock, state, protection, begin, facts } = setup();
    begin();
    await clock.advance(2 * SECOND);
    state.mood = "silent";
    let stopped = false;
    void protection.stop().then(() => {
      stopped = true;
    });
    await clock.advance(1_900);
    expect(stopped).toBe(false);
    await clock.advance(200);
    expect(stopped).toBe(true);
    expect(clock.timers).toBe(0);
    expect(facts.filter(({ kind }) => kind === "protectionFailed")).toEqual([]);
  });

  test("waits for a call under way, and undoes it", async () => {
    const { clock, asked, state, protection, begin } = setup();
    state.mood = "slow";
    begin();
    await clock.advance(1_500);
    let stopped = false;
    void protection.stop().then(() => {
      stopped = true;
    });
    await clock.advance(600);
    expect(asked()).toEqual(["protect", "release"]);
    await clock.advance(SECOND);
    expect(stopped).toBe(true);
    expect(clock.timers).toBe(0);
  });

  test("makes no last call where the platform wants to be left alone", async () => {
    const { clock, asked, state, protection, begin } = setup();
    begin();
    await clock.advance(2 * SECOND);
    state.mood = "throttled";
    state.retryAfterMs = 10 * MINUTE;
    await clock.advance(5 * MINUTE);
    await protection.stop();
    expect(asked()).toEqual(["protect", "protect"]);
  });
});
