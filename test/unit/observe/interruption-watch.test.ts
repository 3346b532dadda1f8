import { describe, expect, test } from "@jest/globals";
import { InterruptionWatch } from "../../../src/observe/interruption-watch.js";
import type { OutcomeKind } from "../../../src/pipeline/ports/outcome.js";
import { FakeClock } from "../../support/fake-clock.js";

function setup(maxReceiveCount: number | undefined = 5) {
  const clock = new FakeClock();
  const warnings: string[] = [];
  const watch = new InterruptionWatch(clock, (fact) => {
    if (fact.kind === "warning") warnings.push(fact.text);
  });
  watch.maxReceiveCount = maxReceiveCount;
  const settled = (receiveCount: number, outcome: OutcomeKind = "interrupted") =>
    watch.record({
      kind: "settled",
      delivery: { messageId: "m", receiveCount },
      outcome,
      agentMs: 1,
      certain: true,
    });
  return { clock, warnings, watch, settled };
}

describe("The watch over interruptions", () => {
  test("warns of a message with one receive left, and of one with none, once each", () => {
    const { warnings, settled } = setup();
    for (const receiveCount of [1, 3, 4, 4, 5, 6, 5, 4]) settled(receiveCount);
    expect(warnings).toEqual([
      "interruptions make dead letters: message m was interrupted at receive 4 of 5 (maxReceiveCount): it has one receive left",
      "interruptions make dead letters: message m was interrupted at receive 5 of 5 (maxReceiveCount): it becomes a dead letter without having failed",
    ]);
  });

  test("says nothing of a message that was received again: its run goes on", () => {
    const { warnings, watch } = setup();
    const delivery = { messageId: "m", receiveCount: 5 };
    watch.record({ kind: "released", delivery, cause: "again", reason: "received again" });
    expect(warnings).toEqual([]);
    watch.record({ kind: "released", delivery, cause: "stop", reason: "draining" });
    expect(warnings).toHaveLength(1);
  });

  test("says the worse at once", () => {
    const { warnings, settled } = setup();
    settled(5);
    settled(4);
    expect(warnings).toHaveLength(1);
  });

  test("warns anew after a quarter of an hour without any", async () => {
    const { clock, warnings, settled } = setup();
    settled(4);
    await clock.advance(800_000);
    settled(4);
    await clock.advance(800_000);
    settled(4);
    expect(warnings).toHaveLength(1);
    await clock.advance(901_000);
    settled(4);
    expect(warnings).toHaveLength(2);
  });

  test("counts what was given back without a run", () => {
    const { warnings, watch } = setup();
    watch.record({
      kind: "released",
      cause: "stop",
      delivery: { messageId: "m", receiveCount: 4 },
      reason: "draining",
    });
    expect(warnings).toHaveLength(1);
  });

  test.each(["done", "retry", "reject", "defer", "leaseLost"] as const)("takes %s for no interruption", (outcome) => {
    const { warnings, settled } = setup();
    settled(5, outcome);
    expect(warnings).toEqual([]);
  });

  test("is silent while the queue's maxReceiveCount isn't known", () => {
    const { warnings, watch, settled } = setup();
    watch.maxReceiveCount = undefined;
    settled(1_000);
    expect(warnings).toEqual([]);
  });
});
