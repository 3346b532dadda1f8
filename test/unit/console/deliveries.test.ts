import { describe, expect, test } from "@jest/globals";
import type { Awaiting } from "../../../src/pipeline/ports/status.js";
import { ConsoleBundle } from "../../support/console-bundle.js";

describe("the deliveries", () => {
  test("tell the stages of one, with the time between each", async () => {
    const { source, clock, ...rest } = bundleOf();
    await rest.live({ id: "one", inQueueMs: 300, bufferedMs: 100, agentMs: 50 });
    const { stages, ...message } = source.message("one")!;
    const start = stages[0]!.at;
    expect(stages.map(({ name, at }) => [name, at - start])).toEqual([
      ["sent", 0],
      ["received", 200],
      ["buffered", 200],
      ["started", 300],
      ["ended", 350],
      ["settled", 350],
    ]);
    expect(message).toMatchObject({ state: "done", runs: 1, certain: true, inQueueMs: 300, agentMs: 50, notes: [] });
    expect(message.at).toBe(clock.wall());
  });

  test("list what waits for budgets, by facts or without any, and say for which", async () => {
    const awaiting: Awaiting[] = [];
    const bundle = new ConsoleBundle({ awaiting: () => awaiting });
    const { source, tell, clock } = bundle;
    const refused = bundle.start({ id: "refused" });
    await clock.advance(10);
    tell({ kind: "ended", delivery: refused, outcome: "defer", agentMs: 10 });
    tell({ kind: "busy", delivery: refused, budget: "openai", seconds: 5, reason: "openai is busy" });
    awaiting.push({ delivery: refused, since: clock.monotonic(), budgets: ["openai"] });
    await clock.advance(10);
    const delivery = { messageId: "fresh", receiveCount: 1 };
    awaiting.push({ delivery, since: clock.monotonic(), budgets: ["openai", "openai.tokens"] });
    const listed = (outcome?: "waiting" | "running") => source.messages(outcome ? { outcome } : {}).messages;
    expect(listed("waiting").map(({ messageId, state, waitsFor }) => [messageId, state, waitsFor])).toEqual([
      ["fresh", "waiting", ["openai", "openai.tokens"]],
      ["refused", "waiting", ["openai"]],
    ]);
    expect(listed()).toHaveLength(2);
    expect(listed("running")).toEqual([]);
    const stages = (id: string) => source.message(id)!.stages.map(({ name, note }) => [name, note]);
    expect(stages("fresh")).toEqual([["buffered", "waits for openai, openai.tokens"]]);
    expect(stages("refused").slice(-3)).toEqual([
      ["started", undefined],
      ["ended", undefined],
      ["buffered", "waits for openai"],
    ]);
    expect(stages("refused")).toContainEqual(["ended", "waits: openai is busy"]);
    awaiting.length = 0;
    await bundle.live({ id: "refused" });
    expect(source.message("refused")).toMatchObject({ state: "done", runs: 2 });
    expect(source.message("refused")).not.toHaveProperty("waitsFor");
    expect(source.message("fresh")).toBeUndefined();
  });

  test("tell runs under one lease, what was between them, and what the agent reported", async () => {
    const { source, start, tell, clock } = bundleOf();
    const delivery = start({ id: "again" });
    tell({ kind: "progress", delivery, note: "first try" });
    await clock.advance(10);
    tell({ kind: "ended", delivery, outcome: "retry", agentMs: 10 });
    tell({ kind: "retriedHere", delivery, agentMs: 10, afterSeconds: 1, cause: new Error("busy") });
    expect(source.now(0).slots).toEqual([]);
    await clock.advance(1_000);
    start({ id: "again", receive: 2 });
    const found = source.message("again")!;
    expect(found).toMatchObject({ state: "running", runs: 2, receiveCount: 2 });
    expect(found.stages.map(({ name, note }) => [name, note])).toContainEqual([
      "ended",
      "failed, tried again here: Error: busy",
    ]);
    expect(found.notes.map(({ note }) => note)).toEqual(["first try"]);
    expect(source.errors().groups).toMatchObject([{ kind: "retriedHere", error: "Error: busy" }]);
  });

  test("tell how often a lease was extended, and when last", async () => {
    const { source, start, tell, clock } = bundleOf();
    const delivery = start({ id: "long" });
    const began = clock.monotonic();
    await clock.advance(90_000);
    const extended = { times: 2, at: began + 80_000 };
    tell({ kind: "ended", delivery, outcome: "done", agentMs: 90_000, extended });
    tell({ kind: "settled", delivery, outcome: "done", agentMs: 90_000, certain: true });
    const { stages } = source.message("long")!;
    expect(stages.find(({ name }) => name === "extended")).toMatchObject({ note: "2 times, this the last" });
    expect(stages.map(({ name }) => name)).toEqual(["sent", "received", "started", "extended", "ended", "settled"]);
  });

  test("tell the trace of each failure, and of a hundred successes in a second", async () => {
    const { source, tell } = bundleOf();
    let looked = 0;
    const end = (id: string, outcome: "done" | "reject") => {
      const delivery = {
        messageId: id,
        receiveCount: 1,
        get trace() {
          looked++;
          return { traceId: `of ${id}`, spanId: "s", sampled: true };
        },
      };
      tell({ kind: "settled", delivery, outcome, agentMs: 1, certain: true });
    };
    for (let n = 0; n < 300; n++) end(`done-${n}`, "done");
    end("bad", "reject");
    expect(looked).toBe(101);
    expect(source.message("done-0")!.traceId).toBe("of done-0");
    expect(source.message("done-299")).not.toHaveProperty("traceId");
    expect(source.message("bad")!.traceId).toBe("of bad");
  });

  test("tell the trace of one, whose span is known by its end", async () => {
    const { source, start, tell } = bundleOf();
    const trace = { traceId: "67891233abcdef012345678912345678", spanId: "53995c3f42cd8ad8", sampled: true };
    const delivery = { ...start({ id: "traced" }), trace };
    tell({ kind: "ended", delivery, outcome: "done", agentMs: 10 });
    tell({ kind: "settled", delivery, outcome: "done", agentMs: 10, certain: true });
    expect(source.message("traced")).toMatchObject({ traceId: trace.traceId });
  });

  test("keep a body only where LOG_BODIES tells one, and cut it", async () => {
    const { source, live } = bundleOf();
    await live({ id: "without" });
    await live({ id: "with", body: "x".repeat(100_000) });
    expect(source.message("without")).not.toHaveProperty("body");
    expect(source.message("with")!.body).toHaveLength(2_001);
  });

  test("keep the stack of an error, its group, and what it became", async () => {
    const { source, start, tell } = bundleOf();
    const delivery = start({ id: "bad" });
    const cause = new TypeError("no field 7");
    tell({ kind: "settled", delivery, outcome: "reject", agentMs: 1, cause, certain: true });
    const found = source.message("bad")!;
    expect(found).toMatchObject({ error: "TypeError: no field 7", deadLetter: "copied" });
    expect(found.stack).toMatch(/^at /);
    expect(found.errorGroup).toBe(source.errors().groups[0]!.id);
  });

  test("list what a filter lets through, the newest first", async () => {
    const { source, live, start } = bundleOf();
    await live({ id: "abc-1", group: "g1" });
    await live({ id: "abc-2", group: "g2", outcome: "retry", cause: new Error("Model is DOWN") });
    await live({ id: "xyz-3", group: "g1", body: '{"customer":42}' });
    start({ id: "abc-4" });
    const ids = (filter: Parameters<typeof source.messages>[0]) =>
      source.messages(filter).messages.map(({ messageId }) => messageId);
    expect(ids({})).toEqual(["abc-4", "xyz-3", "abc-2", "abc-1"]);
    expect(ids({ outcome: "retry" })).toEqual(["abc-2"]);
    expect(ids({ outcome: "running" })).toEqual(["abc-4"]);
    expect(ids({ group: "g1" })).toEqual(["xyz-3", "abc-1"]);
    expect(ids({ key: "abc" })).toEqual(["abc-4", "abc-2", "abc-1"]);
    expect(ids({ text: "model is down" })).toEqual(["abc-2"]);
    expect(ids({ text: "customer" })).toEqual(["xyz-3"]);
    expect(ids({ error: source.errors().groups[0]!.id })).toEqual(["abc-2"]);
    expect(ids({ group: "g1", outcome: "retry" })).toEqual([]);
    expect(source.messages({ limit: 1 })).toMatchObject({ kept: 3, matching: 4, messages: [{ messageId: "abc-4" }] });
  });

  test("are the last thousand, however many there were", async () => {
    const { source, start, tell } = bundleOf();
    for (let n = 1; n <= 2_500; n++) {
      const delivery = start({ id: `m${n}` });
      tell({ kind: "ended", delivery, outcome: "done", agentMs: 0 });
      tell({ kind: "settled", delivery, outcome: "done", agentMs: 0, certain: true });
    }
    const { kept, messages } = source.messages({ limit: 1_000 });
    expect([kept, messages[0]!.messageId, messages.at(-1)!.messageId]).toEqual([1_000, "m2500", "m1501"]);
    expect(source.message("m1500")).toBeUndefined();
    expect(source.now(0).newestMessage).toBe(2_500);
  });

  test("tell what no agent saw, and what was given back", () => {
    const { source, tell } = bundleOf();
    const delivery = { messageId: "late", receiveCount: 1 };
    tell({ kind: "released", delivery, cause: "late", reason: "others may have a slot sooner" });
    expect(source.message("late")).toMatchObject({ state: "released", error: "others may have a slot sooner" });
    expect(source.message("late")!.stages.map(({ name }) => name)).toEqual(["released"]);
  });

  test("count an event to done where it was done at its first receive, apart from the others", async () => {
    const { source, live, clock, console: page } = bundleOf();
    page.start();
    await live({ id: "a", inQueueMs: 100, agentMs: 100 });
    await live({ id: "b", inQueueMs: 60_000, agentMs: 100, receive: 3 });
    await live({ id: "c", outcome: "retry" });
    await clock.advance(1_000);
    const { firstTryMs, laterTryMs } = source.now(0);
    expect([firstTryMs!.count, laterTryMs!.count]).toEqual([1, 1]);
    expect(firstTryMs!.p95).toBeCloseTo(200);
    expect(laterTryMs!.p50).toBeCloseTo(60_100);
    page.stop();
  });
});

function bundleOf() {
  const bundle = new ConsoleBundle();
  return Object.assign(bundle, { live: bundle.live.bind(bundle), start: bundle.start.bind(bundle) });
}
