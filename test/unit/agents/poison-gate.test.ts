import { describe, expect, test } from "@jest/globals";
import { crashOf } from "../../../src/agents/process/crash.js";
import type { Outcome } from "../../../src/pipeline/ports/outcome.js";
import { type WorkerBundleOptions, workerBundle } from "../../support/worker-bundle.js";

const crashed = (crash: string): Outcome => ({
  kind: "retry",
  error: new Error(`the program was killed by ${crash}`),
  crash,
});

/** A worker whose agent is a program, that ends its runs as `ends` says, and then over and over as the last of it. */
function setup(ends: readonly Outcome[], { env, ...options }: WorkerBundleOptions = {}) {
  const runs: string[] = [];
  const bundle = workerBundle({
    agent: {
      run: async ({ id }) => {
        runs.push(id);
        return ends[Math.min(runs.length, ends.length) - 1]!;
      },
    },
    env: { HANDLER: "exec:agent", RETRY_BACKOFF_SECONDS: "1,2", POLL_INTERVAL_SECONDS: "1", ...env },
    ...options,
  });
  const told = () => bundle.of("settled").map(({ outcome, cause }) => [outcome, String(cause)]);
  void bundle.start();
  return { ...bundle, runs, told };
}

const POISON = "poison: 5 times in a row the program was killed by SIGSEGV";

describe("A message whose agent crashes", () => {
  test("is a dead letter with the reason after five crashes in a row, and not before", async () => {
    const { queue, clock, runs, told, of, stopped } = setup([crashed("SIGSEGV")]);
    queue.send("x", { id: "poison" });
    await clock.advance(60_000);
    expect(runs).toHaveLength(5);
    expect(told().slice(-2)).toEqual([
      ["retry", "Error: the program was killed by SIGSEGV"],
      ["reject", POISON],
    ]);
    expect(queue.deadLetters).toMatchObject([{ id: "poison", by: "copy", reason: POISON }]);
    expect(of("crashed").map(({ times }) => times)).toEqual([1, 2, 3, 4, 5]);
    const { summary } = await stopped();
    expect(summary).toMatchObject({ crashes: 5, deadLettered: 1 });
  });

  test.each<[string, Outcome]>([
    ["fails in another way", { kind: "retry", error: new Error("exit code 1") }],
    ["crashes in another way", crashed("memory")],
    ["waits", { kind: "defer", reason: "no service", afterSeconds: 1 }],
  ])("has all its tries again when it %s in between", async (_name, other) => {
    const crash = crashed("SIGSEGV");
    const { queue, clock, runs, told, stopped } = setup([crash, crash, crash, crash, other, crash]);
    queue.send("x", { id: "m" });
    await clock.advance(90_000);
    expect(runs).toHaveLength(10);
    expect(told().filter(([outcome]) => outcome === "reject")).toHaveLength(1);
    await stopped();
  });

  test("doesn't take others along", async () => {
    const runs = new Map<string, number>();
    const { queue, clock, told, stopped } = setup([], {
      agent: {
        run: async ({ id }) => {
          runs.set(id, (runs.get(id) ?? 0) + 1);
          return id === "good" && runs.get(id) === 3 ? { kind: "done" } : crashed("SIGSEGV");
        },
      },
    });
    queue.send("x", { id: "good" });
    queue.send("x", { id: "poison" });
    await clock.advance(60_000);
    expect(Object.fromEntries(runs)).toEqual({ good: 3, poison: 5 });
    expect(told().filter(([outcome]) => outcome === "done")).toHaveLength(1);
    expect(queue.deadLetters.map(({ id }) => id)).toEqual(["poison"]);
    await stopped();
  });

  test("goes the way of the queue's count where that is less", async () => {
    const { queue, clock, runs, stopped } = setup([crashed("SIGSEGV")], {
      queue: { maxReceiveCount: 3, tellsMaxReceiveCount: true },
    });
    queue.send("x", { id: "m" });
    await clock.advance(60_000);
    expect(runs).toHaveLength(3);
    expect(queue.deadLetters).toMatchObject([
      { id: "m", reason: "gave up after 3 receives: Error: the program was killed by SIGSEGV" },
    ]);
    await stopped();
  });

  test("is tried on and on where there is no dead-letter queue, and never deleted", async () => {
    const { queue, clock, runs, told, stopped } = setup([crashed("SIGSEGV")], { queue: { deadLetterQueue: false } });
    queue.send("x");
    await clock.advance(60_000);
    expect(runs.length).toBeGreaterThan(6);
    expect(new Set(told().map(([outcome]) => outcome))).toEqual(new Set(["retry"]));
    expect(queue.deleted).toEqual([]);
    await stopped();
  });
});

describe("A process's end", () => {
  test.each(["SIGSEGV", "SIGABRT", "SIGKILL"] as const)("by %s is a crash", (signal) => {
    expect(crashOf({ code: null, signal })).toBe(signal);
  });

  test.each([
    { code: null, signal: "SIGTERM" },
    { code: 1, signal: null },
  ] as const)("by %j is none", (exit) => {
    expect(crashOf(exit)).toBeUndefined();
  });
});
