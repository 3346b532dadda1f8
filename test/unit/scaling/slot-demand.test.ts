import { describe, expect, test } from "@jest/globals";
import { SLOT_DEMAND_MAX_PERCENT, type SlotDemandInput, slotDemand } from "../../../src/scaling/slot-demand.js";

/** A fleet of 5 tasks × 20 slots that is just large enough for its load: 100 = 33.3/s × 3 s. */
const steady: SlotDemandInput = {
  busySlots: 0,
  arrivalsPerSecond: 100 / 3,
  meanAgentSeconds: 3,
  visible: 0,
  targetDelaySeconds: 30,
  drainBacklogSeconds: 300,
  slotsOfDesiredTasks: 100,
};

describe("SlotDemand", () => {
  test("is 100 when arrivals need every slot", () => {
    expect(slotDemand(steady)).toBeCloseTo(100);
  });

  test("says how many times too few slots there are", () => {
    expect(slotDemand({ ...steady, arrivalsPerSecond: 10_000 })).toBeCloseTo(30_000);
  });

  test("takes messages that arrived within the target delay for no backlog", () => {
    expect(slotDemand({ ...steady, visible: 1000 })).toBeCloseTo(100);
  });

  test("adds what works off the excess within the drain time", () => {
    expect(slotDemand({ ...steady, visible: 1000 + 3000 })).toBeCloseTo(100 + (3000 / 300) * 3);
  });

  test("never falls below the busy share, whatever the arrivals say", () => {
    expect(slotDemand({ ...steady, arrivalsPerSecond: 0, busySlots: 70 })).toBeCloseTo(70);
  });

  test("never asks for slots that a budget leaves waiting, and keeps those that are busy", () => {
    const behind = { ...steady, visible: 10_000, budgetSlots: 30 };
    expect(slotDemand(behind)).toBeCloseTo(30);
    expect(slotDemand({ ...behind, busySlots: 50 })).toBeCloseTo(50);
    expect(slotDemand({ ...behind, budgetSlots: 1_000 })).toBeCloseTo(slotDemand({ ...steady, visible: 10_000 }));
  });

  test("counts ordered slots, so that tasks on their way are not ordered twice", () => {
    expect(slotDemand({ ...steady, slotsOfDesiredTasks: 200 })).toBeCloseTo(50);
  });

  test("is 0 for an idle fleet and for no fleet with nothing to do", () => {
    expect(slotDemand({ ...steady, arrivalsPerSecond: 0 })).toBe(0);
    expect(slotDemand({ ...steady, arrivalsPerSecond: 0, slotsOfDesiredTasks: 0 })).toBe(0);
  });

  test("asks for one slot while messages are delayed, so that nobody sleeps over them", () => {
    expect(slotDemand({ ...steady, arrivalsPerSecond: 0, delayed: 7 })).toBeCloseTo(1);
    expect(slotDemand({ ...steady, arrivalsPerSecond: 0, delayed: 0 })).toBe(0);
  });

  test("is at its bound when there are no slots for what is wanted", () => {
    expect(slotDemand({ ...steady, slotsOfDesiredTasks: 0 })).toBe(SLOT_DEMAND_MAX_PERCENT);
  });

  test("knows nothing of a backlog until the first agent has ended, except that slots are busy", () => {
    expect(slotDemand({ ...steady, meanAgentSeconds: 0, visible: 1e6, busySlots: 100 })).toBe(100);
  });

  test("refuses numbers that no queue has", () => {
    expect(() => slotDemand({ ...steady, visible: -1 })).toThrow("visible must be finite and not below 0, got -1");
    expect(() => slotDemand({ ...steady, meanAgentSeconds: Number.NaN })).toThrow("meanAgentSeconds");
    expect(() => slotDemand({ ...steady, drainBacklogSeconds: Number.POSITIVE_INFINITY })).toThrow("drainBacklog");
  });
});
